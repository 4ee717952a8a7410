"""Forms that somebody outside fills in by a link: once, and nothing but that form."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from tenants.connection import company_of
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tickets.advancing.advance_ticket import advance_ticket
from tickets.advancing.tests.times_case import TimesCase, loan
from tickets.following.pages.history import history
from tickets.following.pages.progress import position_in_words
from tickets.health import company_findings
from tickets.job_names import FIRE_TIMER, REMIND
from tickets.models import Notice, Ticket, TicketError
from tickets.notices.watch_tasks import tell_of_tasks
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output, correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.seeing import Viewer
from workflows.bundles import check_bundle
from workflows.engine.process import JsonObject
from workflows.models import (
    Contact,
    ContactLink,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
)
from workflows.running.people.outside import LIFETIME
from workflows.running.pool import claim_task, pool_of

ADDRESS = "cora@customer.example"
TASK: JsonObject = {
    "title": "Say when we may come",
    "description": "We repair it <b>at your place</b>.",
    "assign_to": {"who": "outside", "answer": "ticket.customer"},
    "reminders": [{"when": "P4D"}],
    "fields": [
        {"name": "day", "label": "Day", "type": "date", "required": True},
        {"name": "stairs", "label": "Are there stairs?", "type": "boolean"},
        {
            "name": "floor",
            "label": "Which floor?",
            "type": "integer",
            "visible_when": {"==": [{"var": "stairs"}, True]},
        },
    ],
}
CLOSED: JsonObject = {"from": "back", "to": "end", "after": "P5D", "label": "not answered"}
DAY = {"answers-day": "2026-03-30"}


def document(**more: Any) -> Any:
    made: Any = loan({**TASK, **more}, CLOSED)
    made["workflow"]["fields"].append({"name": "customer", "label": "Customer", "type": "email"})
    return made


class OutsideCase(TimesCase):
    published: TicketDefinition

    def setUp(self) -> None:
        super().setUp()
        self.published = self.publish(document())

    def ask(self, address: str = ADDRESS, *, now: Any = None) -> Ticket:
        data = {"item": "Beamer", "customer": address}
        ticket = Ticket.objects.create(
            title="A beamer", definition=self.published, workflow=self.published.workflow,
            data=data, created_by=self.uma,
        )  # fmt: skip
        advance_ticket(ticket_id=ticket.pk, now=now or timezone.now())
        return Ticket.objects.get(pk=ticket.pk)

    def mails(self) -> list[OutgoingMail]:
        return list(OutgoingMail.objects.filter(kind="outside").order_by("pk"))

    def address(self, number: int = -1) -> str:
        """Where the link in one of the mails leads."""
        text, _html = texts_of(self.mails()[number])
        found = re.search(r"/form/[^\s]+/", text)
        assert found is not None, text
        return found[0]

    def assert_sound(self, ticket: Ticket) -> None:
        self.assertEqual(broken_invariants(Ticket.objects.get(pk=ticket.pk)), [])

    def lines(self, ticket: Ticket) -> list[str]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(
            pk=ticket.workflow_id
        )
        found = history(workflow, ticket.workflow_instance_id, viewer=Viewer.TEAM)
        return [line.text for line in found.lines]


class AnswerTests(OutsideCase):
    def test_a_customer_answers_once(self) -> None:
        ticket = self.ask()
        task = self.task(ticket)
        self.assertEqual((task.status, task.assigned_to), ("PENDING", None))
        self.assertEqual(str(task.contact), ADDRESS)
        (mail,) = self.mails()
        self.assertEqual((mail.to, mail.person_id, mail.is_secret), (ADDRESS, None, True))
        page = self.client.get(self.address())
        self.assertContains(page, "Say when we may come")
        self.assertContains(page, "Acme asks you")
        self.assertContains(page, "&lt;b&gt;at your place")
        self.assertNotContains(page, "Beamer")  # nothing of the ticket
        self.assertNotContains(page, "Uma")
        for name, value in (("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex, nofollow"),
                            ("Referrer-Policy", "same-origin")):  # fmt: skip
            self.assertEqual(page[name], value)
        # What is wrong stands beside its question, and the link stays good.
        page = self.client.post(self.address(), {"answers-day": "", "answers-stairs": "true"})
        self.assertContains(page, "tk-errors")
        page = self.client.post(self.address(), {**DAY, "answers-stairs": "false"})
        self.assertContains(page, "Acme has your answer")
        task = self.task(ticket)
        self.assertEqual(task.status, "COMPLETED")
        self.assertEqual(task.output_data, {"day": "2026-03-30", "stairs": False})
        self.assertEqual(self.task(ticket, "file").assigned_to, self.wendy)
        # A second answer gets the result of the first one.
        page = self.client.post(self.address(), {"answers-day": "2026-04-01"})
        self.assertContains(page, "Acme has your answer")
        self.assertContains(page, "30 Mar 2026")
        self.assertEqual(self.task(ticket).output_data, task.output_data)
        self.assert_sound(ticket)
        lines = self.lines(ticket)
        self.assertIn(
            f"Say when we may come was sent to {ADDRESS}, who is outside the company.", lines
        )
        self.assertIn(
            f"Say when we may come was answered by {ADDRESS}, who is outside the company.", lines
        )

    def test_a_used_link_shows_what_was_sent_until_it_ends(self) -> None:
        ticket = self.ask()
        self.client.post(self.address(), {**DAY, "answers-stairs": "false"})
        correct_task_output(
            task=self.task(ticket), output={"day": "2026-04-01", "stairs": True, "floor": 4711},
            by=self.terry, reason=REASON,
        )  # fmt: skip
        page = self.client.get(self.address())
        self.assertContains(page, "30 Mar 2026")
        for said in ("1 Apr 2026", "4711"):
            self.assertNotContains(page, said)
        ContactLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        for send in (self.client.get, self.client.post):
            page = send(self.address())
            self.assertContains(page, "Acme has your answer")
            self.assertNotContains(page, "30 Mar 2026")

    def test_what_is_shown_follows_the_answers(self) -> None:
        self.ask()
        address = self.address()
        answer = self.client.post(f"{address}visible/", {"answers-stairs": "true"})
        self.assertEqual(answer.json()["visible"], ["day", "floor", "stairs"])
        answer = self.client.post(f"{address}visible/", {"answers-stairs": "false"})
        self.assertEqual(answer.json()["visible"], ["day", "stairs"])
        self.assertEqual(self.client.post("/form/forged/visible/").status_code, 404)

    def test_nobody_else_is_given_it(self) -> None:
        ticket = self.ask()
        self.assertEqual(list(pool_of(self.wendy)), [])
        tell_of_tasks(now=timezone.now() + timedelta(hours=2))
        self.assertEqual(Notice.objects.filter(kind="NOBODY_AVAILABLE").count(), 0)
        self.assertEqual(position_in_words(ticket), "Say when we may come, with somebody outside")
        self.assertEqual(list(company_findings()), [])

    def test_only_a_digest_is_kept(self) -> None:
        self.ask()
        (link,) = ContactLink.objects.all()
        text, _html = texts_of(self.mails()[0])
        self.assertNotIn(link.digest, text)
        self.assertEqual(len(link.digest), 64)
        stored = OutgoingMail.objects.get(kind="outside").text
        self.assertNotIn("/form/", stored)  # encrypted until it is sent

    def test_other_links_lead_nowhere(self) -> None:
        self.ask()
        address = self.address()
        token = address.split("/")[2]
        forged = token[:-1] + ("A" if token[-1] != "A" else "B")
        for wrong in (forged, "x", "x" * 5000, f"{token}x"):
            for send in (self.client.get, self.client.post):
                answer = send(reverse("outside_form", args=[wrong]))
                self.assertEqual(answer.status_code, 404)
                self.assertNotContains(answer, "Say when", status_code=404)
        # The right signature of another company's row.
        with company_of("globex"):
            self.assertEqual(ContactLink.objects.count(), 0)
        ContactLink.objects.all().delete()
        self.assertEqual(self.client.get(address).status_code, 404)

    def test_who_is_logged_in_is_a_stranger_as_well(self) -> None:
        ticket = self.ask()
        self.log_in(self.charlie)  # of another company
        self.assertContains(self.client.post(self.address(), DAY), "Acme has your answer")
        event = WorkflowEvent.objects.get(kind="TASK_COMPLETED", task_instance=self.task(ticket))
        self.assertIsNone(event.actor)
        self.assertTrue(event.data["by_contact"])

    def test_it_needs_a_csrf_token(self) -> None:
        self.ask()
        client = type(self.client)(enforce_csrf_checks=True)
        self.assertEqual(client.post(self.address(), DAY).status_code, 403)

    def test_a_step_that_fails_does_not_undo_the_answer(self) -> None:
        ticket = self.ask()
        module = "tickets.outside.answer_by_link.take_step"
        with mock.patch(module, side_effect=RuntimeError), self.assertLogs(level="ERROR"):
            page = self.client.post(self.address(), DAY)
        self.assertContains(page, "Acme has your answer")
        self.assertEqual(self.task(ticket).status, "COMPLETED")
        self.assertEqual(self.task(ticket, "file").status, "OPEN")
        self.assert_sound(ticket)


class EndTests(OutsideCase):
    def test_none_in_time_is_reminded_then_closed(self) -> None:
        ticket = self.ask()
        (reminder,), (timer,) = self.jobs(REMIND), self.jobs(FIRE_TIMER)
        for _again in range(2):
            self.run_job(reminder)
        _first, second = self.mails()
        self.assertTrue(second.subject.startswith("Reminder: Say when we may come"))
        self.assertNotEqual(self.address(0), self.address(1))
        self.assertContains(self.client.get(self.address(0)), "Acme asks you")
        self.assertContains(self.client.get(self.address(1)), "Acme asks you")
        self.run_job(timer)
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.workflow_instance is not None
        self.assertEqual(ticket.workflow_instance.end_label, "not answered")
        for number in (0, 1):
            page = self.client.post(self.address(number), DAY)
            self.assertContains(page, "not needed any more", status_code=410)
        self.assert_sound(ticket)

    def test_both_links_are_used_by_one_answer(self) -> None:
        self.ask()
        self.run_job(self.jobs(REMIND)[0])
        self.client.post(self.address(0), DAY)
        self.assertContains(self.client.get(self.address(1)), "Acme has your answer")

    def test_members_of_an_added_role_may_do_it_as_well(self) -> None:
        self.role("Heads", self.walt)
        made = document(reminders=[{"when": "P1D", "tell": "role", "role": "Heads", "add": True}])
        made["company_roles"] = [{"name": "Heads"}]
        self.published = self.publish(made)
        ticket = self.ask()
        self.run_job(self.jobs(REMIND)[0])
        self.assertEqual([list(pool_of(each)) for each in (self.wendy, self.walt)],
                         [[], [self.task(ticket)]])  # fmt: skip
        claim_task(task=self.task(ticket), user=self.walt, now=timezone.now())
        self.assertContains(self.client.get(self.address()), "not needed", status_code=410)
        self.assert_sound(ticket)

    def test_a_link_ends(self) -> None:
        self.ask()
        ContactLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.assertContains(self.client.get(self.address()), "has ended", status_code=410)
        self.assertContains(self.client.post(self.address(), DAY), "has ended", status_code=410)
        self.assertGreater(LIFETIME, timedelta(days=5))
        ended = self.address()
        page = self.client.post(ended, {"renew": "1"})
        self.assertContains(page, "another link is on its way")
        self.assertEqual([each.to for each in self.mails()], [ADDRESS, ADDRESS])
        self.client.post(ended, {"renew": "1"})  # the one before is on its way still
        self.assertEqual(len(self.mails()), 2)
        self.assertContains(self.client.get(self.address()), "Acme asks you")
        self.assertContains(self.client.get(ended), "has ended", status_code=410)

    def test_cancelled_on_hold_and_given_to_a_colleague(self) -> None:
        by: Any = {"by": self.terry, "reason": REASON}
        for end, said, status in (("cancel", "not needed", 410), ("hold", "at the moment", 409),
                                  ("give", "not needed", 410)):  # fmt: skip
            ticket = self.ask()
            if end == "cancel":
                cancel_ticket(ticket=ticket, **by)
            elif end == "hold":
                hold_ticket(ticket=ticket, **by)
            else:
                reassign_task(task=self.task(ticket), to=self.wendy, against_rule=True, **by)
            for send in (self.client.get, self.client.post):
                self.assertContains(send(self.address()), said, status_code=status)
            self.assert_sound(ticket)


class AddressTests(OutsideCase):
    def test_without_an_address_it_waits_until_that_is_corrected(self) -> None:
        ticket = self.ask("")
        task = self.task(ticket)
        self.assertEqual((task.status, task.contact, self.mails()), ("PENDING", None, []))
        data = {**ticket.data, "customer": "late@customer.example"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        self.assertEqual([each.to for each in self.mails()], ["late@customer.example"])
        # Another address: the first link is dead.
        first = self.address()
        data["customer"] = "other@customer.example"
        ticket = Ticket.objects.get(pk=ticket.pk)
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        self.assertEqual(self.mails()[-1].to, "other@customer.example")
        self.assertEqual(self.client.get(first).status_code, 404)
        self.assertContains(self.client.get(self.address()), "Acme asks you")
        self.assert_sound(ticket)

    def test_two_tickets_share_a_contact(self) -> None:
        self.ask(ADDRESS)
        self.ask(ADDRESS.upper())
        self.assertEqual([each.email for each in Contact.objects.all()], [ADDRESS])
        self.assertEqual(ContactLink.objects.count(), 2)
        self.assertEqual(TicketError.objects.count(), 0)
        self.assertEqual(TaskInstance.objects.filter(contact__isnull=False).count(), 2)

    def test_what_strangers_cannot_be_asked_is_found(self) -> None:
        self.assertEqual([each for each in check_bundle(document()) if each.is_error], [])
        for more, said in (
            (
                {"assign_to": {"who": "outside", "answer": "ticket.item"}},
                "of type email",
            ),
            ({"assign_to": {"who": "outside"}}, "Name the question"),
            ({"fields": [{"name": "who", "type": "person"}]}, "somebody outside"),
            ({"fields": [{"name": "photo", "type": "file"}]}, "somebody outside"),
            ({"edits": [{"field": "item"}]}, "sees no earlier answers"),
        ):
            with self.subTest(more):
                found = [each.message for each in check_bundle(document(**more))]
                self.assertTrue(any(said in each for each in found), found)
