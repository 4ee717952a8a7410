"""Workflows that go in circles: conditions that count, and the bound that all of them have."""

from __future__ import annotations

from django.test import override_settings

from tenants.testing import CompanyTestCase
from tickets.models import Ticket, TicketError
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from workflows.engine.process import Json
from workflows.models import TaskInstance


class CircleCase(SmallWorkflow, CompanyTestCase):
    """What is not big is checked again, as long as a condition says so."""

    again: Json = None

    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.workflow.transitions.create(
            from_task=self.check, to_task=self.check, condition=self.again, priority=5
        )

    def begin(self) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            return self.submit()

    def check_it(self, ticket: Ticket) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(ticket, {"big": False})

    def path(self, ticket: Ticket) -> list[str]:
        tasks = TaskInstance.objects.filter(workflow_instance__ticket=ticket).order_by("pk")
        return list(tasks.values_list("definition__key", flat=True))


class CountingTests(CircleCase):
    again = {"<": [{"var": "visits.check"}, 3]}

    def test_a_condition_reads_how_often_a_task_was_begun(self) -> None:
        ticket = self.begin()
        for _round in range(3):
            self.check_it(ticket)
        self.assertEqual(self.path(ticket), ["check", "check", "check", "sign"])
        self.assertEqual(broken_invariants(ticket), [])

    def test_each_ticket_is_counted_by_itself(self) -> None:
        first = self.begin()
        self.check_it(first)
        self.check_it(first)
        second = self.begin()
        self.check_it(second)
        self.assertEqual(self.path(second), ["check", "check"])


class EarlierTests(CircleCase):
    """Once it was not big already, it is not checked again."""

    again = {"!": {"some": [{"var": "earlier.check"}, {"==": [{"var": "big"}, False]}]}}

    def test_a_condition_reads_what_came_of_earlier_visits(self) -> None:
        ticket = self.begin()
        for _round in range(2):
            self.check_it(ticket)
        self.assertEqual(self.path(ticket), ["check", "check", "sign"])
        self.assertEqual(broken_invariants(ticket), [])


class NeverBegunTests(CircleCase):
    again = {"==": [{"var": "visits.sign"}, 0]}

    def test_a_task_that_was_never_begun_counts_nothing(self) -> None:
        ticket = self.begin()
        self.check_it(ticket)
        self.assertEqual(self.path(ticket), ["check", "check"])


class BoundTests(CircleCase):
    @override_settings(TICKET_MOST_VISITS=3)
    def test_a_ticket_that_comes_to_a_task_too_often_stops_with_an_error(self) -> None:
        ticket = self.begin()
        for _round in range(3):
            self.check_it(ticket)
        self.assertEqual(self.path(ticket), ["check"] * 3)
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, "WORKFLOW_TRANSITION")
        self.assertIn("has come to the task “Check” 3 times", error.message)
        self.assertEqual(self.current(ticket).status, "ERROR")
        self.assertEqual(broken_invariants(ticket), [])

    @override_settings(TICKET_MOST_TASKS=2)
    def test_a_ticket_with_too_many_tasks_stops_with_an_error(self) -> None:
        ticket = self.begin()
        self.check_it(ticket)
        self.check_it(ticket)
        self.assertIn("has had 2 tasks", TicketError.objects.get().message)

    def test_it_goes_on_where_the_limit_was_raised(self) -> None:
        ticket = self.begin()
        with override_settings(TICKET_MOST_VISITS=1):
            self.check_it(ticket)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=TicketError.objects.get(), by=self.terry, reason=REASON)
        self.assertEqual(self.path(ticket), ["check", "check"])
        self.assertFalse(TicketError.objects.unresolved().exists())
