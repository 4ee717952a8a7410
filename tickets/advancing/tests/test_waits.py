"""Waits: steps that the engine does, at a time. The clock is moved, nothing sleeps."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse

from tickets.advancing.tests.times_case import MONDAY, TimesCase, loan
from tickets.health import company_findings
from tickets.job_names import END_WAIT
from tickets.models import Ticket
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from workflows.engine.process import JsonObject
from workflows.models import WorkflowEvent


def wait(text: str) -> JsonObject:
    return {"task_type": "WAIT", "wait": text, "fields": []}


class WaitTests(TimesCase):
    def start(self, text: str, *, until: str = "") -> Ticket:
        return self.submit(self.publish(loan(wait(text))), until=until)

    def position(self, ticket: Ticket) -> tuple[str, str]:
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.workflow_instance is not None
        current = ticket.workflow_instance.current_task
        assert current is not None
        return current.definition.key, current.status

    def test_it_waits_and_the_ticket_goes_on(self) -> None:
        ticket = self.start("P2D")
        self.assertEqual(self.position(ticket), ("back", "PENDING"))
        self.assertIsNone(self.task(ticket).assigned_to)
        self.assertEqual(self.times(END_WAIT), ["04 09:00"])
        (job,) = self.jobs(END_WAIT)
        self.assertEqual(company_findings(), [])
        for _again in range(2):
            self.run_job(job)
        self.assertEqual(self.position(ticket), ("file", "OPEN"))
        self.assertEqual(WorkflowEvent.objects.filter(kind="WAIT_ENDED").count(), 1)
        self.assertEqual(broken_invariants(ticket), [])

    def test_until_a_date_or_a_moment_of_the_day(self) -> None:
        for text, expected in (
            ("on ticket.until", "06 09:00"),
            ("P1D clock before ticket.until at 14:00", "05 14:00"),
            ("at 08:00", "03 08:00"),
            ("PT30M clock", "02 09:30"),
        ):
            with self.subTest(text):
                self.start(text, until="2026-03-06")
                self.assertEqual(self.times(END_WAIT), [expected])
                self.jobs(END_WAIT)[0].__class__.objects.filter(task_name=END_WAIT).delete()

    def test_what_is_over_already_does_not_wait(self) -> None:
        definition = self.publish(loan(wait("on ticket.until")))
        for until in ("2026-02-02", ""):
            with self.subTest(until=until):
                ticket = self.submit(definition, until=until)
                self.assertEqual(self.position(ticket), ("file", "OPEN"))
                self.assertEqual(self.jobs(END_WAIT), [])
                self.assertEqual(broken_invariants(ticket), [])
                event = WorkflowEvent.objects.filter(kind="WAIT_ENDED").latest("pk")
                self.assertIs(event.data["at_once"], True)

    def test_held_it_waits_on(self) -> None:
        ticket = self.start("P2D")
        (job,) = self.jobs(END_WAIT)
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON, now=MONDAY)
        self.assertEqual(self.jobs(END_WAIT), [])
        self.run_job(job)
        self.assertEqual(self.position(ticket), ("back", "PENDING"))
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON, now=MONDAY + timedelta(days=9))
        (job,) = self.jobs(END_WAIT)
        self.run_job(job)
        self.assertEqual(self.position(ticket), ("file", "OPEN"))

    def test_another_date_moves_it(self) -> None:
        ticket = self.start("on ticket.until", until="2026-03-06")
        (old,) = self.jobs(END_WAIT)
        data: JsonObject = {"item": "Beamer", "until": "2026-03-10"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        self.assertEqual(self.times(END_WAIT), ["10 09:00"])
        self.run_job(old)
        self.assertEqual(self.position(ticket), ("back", "PENDING"))

    def test_a_ticket_admin_ends_it(self) -> None:
        ticket = self.start("P2D")
        task = self.task(ticket)
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:workflows_taskinstance_change", args=[task.pk]))
        self.assertContains(page, "Waits until")
        self.assertContains(page, "End the wait now")
        address = reverse("admin:tickets_ticket_repair", args=[ticket.pk, "end-wait", task.pk])
        self.assertContains(self.client.get(address), "The ticket goes on at once")
        sent = {"reason": REASON, "expected": marker_of(ticket)}
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(address, sent)
        self.assertEqual(self.position(ticket), ("file", "OPEN"))
        self.assertEqual(self.jobs(END_WAIT), [])
        self.assertEqual(broken_invariants(ticket), [])

    def test_the_requester_reads_until_when(self) -> None:
        ticket = self.start("P2D")
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=[ticket.pk]))
        self.assertContains(page, "waits until")

    def test_a_lost_job_is_made_anew(self) -> None:
        self.start("P2D")
        self.jobs(END_WAIT)[0].__class__.objects.filter(task_name=END_WAIT).delete()
        (found,) = company_findings()
        assert found.mend is not None
        self.assertNotEqual(found.mend(), "")
        self.assertEqual(self.times(END_WAIT), ["04 09:00"])

    def test_a_wait_that_never_waits_in_a_circle_stops(self) -> None:
        is_beamer: JsonObject = {"==": [{"var": "ticket.item"}, "Beamer"]}
        circle: JsonObject = {"from": "back", "to": "back", "condition": is_beamer, "priority": -1}
        ticket = self.submit(self.publish(loan(wait("on ticket.until"), circle)))
        self.assertEqual(ticket.errors.count(), 1)
