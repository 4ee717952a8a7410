"""The priority of a ticket: from its type, from an answer, and from a person."""

from __future__ import annotations

from django.urls import reverse

from tenants.audit.models import AuditEvent
from tickets.health import company_findings
from tickets.models import Ticket
from tickets.prioritizing.errors import MayNotPrioritizeError
from tickets.prioritizing.set_priority import set_priority
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.tests.screens import FIELDS, ScreenTestCase, make_type
from workflows.engine.process import JsonObject
from workflows.errors import NothingChangedError, WorkflowEndedError
from workflows.models import WorkflowEvent
from workflows.priorities import Priority

URGENCY: JsonObject = {
    "name": "urgency", "label": "How urgent is it?", "type": "choice",
    "choices": [{"value": "low", "label": "It can wait"}, {"value": "urgent", "label": "Now"}],
}  # fmt: skip


class PriorityTests(ScreenTestCase):
    def test_a_ticket_has_that_of_its_type(self) -> None:
        self.definition.priority = Priority.HIGH.value
        self.definition.save()
        self.assertIs(self.submit().priority_level, Priority.HIGH)

    def test_an_answer_says_another(self) -> None:
        self.definition = make_type(version=2, fields=[*FIELDS, URGENCY])
        self.definition.priority_from = "urgency"
        self.definition.save()
        self.assertIs(self.submit(urgency="urgent").priority_level, Priority.URGENT)
        self.assertIs(self.submit(urgency="low").priority_level, Priority.LOW)
        self.assertIs(self.submit().priority_level, Priority.NORMAL)

    def test_a_worker_changes_it_and_the_history_says_so(self) -> None:
        ticket = self.submit()
        set_priority(ticket=ticket, to=Priority.URGENT, by=self.wendy)
        self.assertIs(Ticket.objects.get(pk=ticket.pk).priority_level, Priority.URGENT)
        event = WorkflowEvent.objects.get(kind="PRIORITY_CHANGED")
        self.assertEqual(
            (event.actor, event.data), (self.wendy, {"old": "normal", "new": "urgent"})
        )
        with self.assertRaises(NothingChangedError):
            set_priority(ticket=ticket, to=Priority.URGENT, by=self.wendy)
        set_priority(ticket=ticket, to=Priority.NORMAL, by=self.wendy)
        self.assertEqual(company_findings(), [])
        self.assertFalse(AuditEvent.objects.filter(kind="tickets.prioritized").exists())

    def test_that_a_ticket_admin_did_it_stands_in_the_audit_log(self) -> None:
        set_priority(ticket=self.submit(), to=Priority.LOW, by=self.terry)
        event = AuditEvent.objects.get(kind="tickets.prioritized")
        self.assertEqual(event.data["changes"], {"priority": ["normal", "low"]})

    def test_others_may_not_and_nobody_where_it_has_ended(self) -> None:
        ticket = self.submit()
        for person in (self.uma, self.walt, self.alice, self.charlie):
            with self.subTest(person=str(person)), self.assertRaises(MayNotPrioritizeError):
                set_priority(ticket=ticket, to=Priority.LOW, by=person)
        cancel_ticket(ticket=ticket, by=self.terry, reason="It is over.")
        with self.assertRaises(WorkflowEndedError):
            set_priority(ticket=ticket, to=Priority.LOW, by=self.terry)

    def test_the_pages_of_worker_and_ticket_admin_change_it(self) -> None:
        ticket = self.submit()
        address = reverse("admin:tickets_ticket_priority", args=(ticket.pk,))
        pages = {
            self.wendy: reverse("admin:tickets_mytask_change", args=(self.task_of(ticket).pk,)),
            self.terry: reverse("admin:tickets_ticket_change", args=(ticket.pk,)),
        }
        for (person, page), chosen in zip(pages.items(), ("high", "low"), strict=True):
            self.log_in(person)
            self.assertContains(self.client.get(page), address)
            answer = self.client.post(address, {"priority": chosen}, HTTP_REFERER=page, follow=True)
            self.assertContains(answer, "The priority is now")
            ticket.refresh_from_db()
            self.assertEqual(ticket.priority, chosen)
        self.client.post(address, {"priority": "\x00"})
        self.log_in(self.uma)
        self.client.post(address, {"priority": "urgent"})
        ticket.refresh_from_db()
        self.assertEqual(ticket.priority, "low")
        self.log_in(self.charlie)
        self.assertEqual(self.client.post(address, {"priority": "low"}).status_code, 404)
