"""What an end means stays with the ticket, and what was sealed before stays vouched for."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection
from django.urls import reverse

from tenants.fast.seals import SealedTable
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task
from workflows.engine.process import EndOutcome
from workflows.models import Transition, WorkflowInstance
from workflows.models.version_checksum import TABLES, checksums
from workflows.running.definition_cache import forget_definitions
from workflows.running.history import replay, stored_state
from workflows.running.sealing import HISTORY


class EndOutcomeTests(ScreenTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        Transition.objects.filter(label="refused").update(outcome="bad")

    def setUp(self) -> None:
        super().setUp()
        forget_definitions()
        self.addCleanup(forget_definitions)
        self.ticket = self.submit()

    def refuse(self) -> WorkflowInstance:
        with self.captureOnCommitCallbacks(execute=True):
            task = self.task_of(self.ticket)
            complete_task(task=task, output={"ok": False, "reason": "No"}, user=self.wendy)
        return self.instance()

    def instance(self) -> WorkflowInstance:
        return WorkflowInstance.objects.get(ticket=self.ticket)

    def test_the_instance_and_its_history_keep_it(self) -> None:
        instance = self.refuse()
        self.assertEqual(instance.end_outcome, EndOutcome.BAD)
        self.assertEqual(replay(instance.events.order_by("pk")), stored_state(instance))
        self.assertEqual(instance.events.get(kind="COMPLETED").data["outcome"], "bad")

    def test_it_is_none_until_an_end_is_reached_and_when_it_is_cancelled(self) -> None:
        self.assertIsNone(self.instance().end_outcome)
        cancel_ticket(ticket=self.ticket, by=self.terry, reason="No")
        self.assertIsNone(self.instance().end_outcome)

    def test_what_ended_before_ends_said_it_ended_well(self) -> None:
        self.refuse()
        WorkflowInstance.objects.update(outcome="")
        self.assertEqual(self.instance().end_outcome, EndOutcome.GOOD)
        self.assertTrue(Ticket.objects.filter(Ticket.ended_as(EndOutcome.GOOD)).exists())

    def test_a_bad_end_is_no_green_completed(self) -> None:
        self.refuse()
        for person, name, query in (
            (self.uma, "myticket_changelist", {"archive": "1"}),
            (self.terry, "ticket_changelist", {}),
        ):
            self.log_in(person)
            page = self.client.get(reverse(f"admin:tickets_{name}"), query)
            badge = '<span class="badge badge-bad">Unsuccessful</span>'
            self.assertContains(page, badge)
            self.assertNotContains(page, "badge-good")
        for person, name in ((self.uma, "myticket_change"), (self.terry, "ticket_change")):
            self.log_in(person)
            page = self.client.get(reverse(f"admin:tickets_{name}", args=(self.ticket.pk,)))
            self.assertContains(page, "Unsuccessful")

    def test_lists_are_filtered_by_it(self) -> None:
        self.refuse()
        self.submit()
        self.log_in(self.terry)
        for outcome, count in (("bad", 1), ("good", 0), ("neutral", 0), ("sad", 2)):
            page = self.client.get(reverse("admin:tickets_ticket_changelist"), {"outcome": outcome})
            self.assertEqual(page.context["cl"].result_count, count, outcome)
        self.log_in(self.charlie)
        page = self.client.get(reverse("admin:tickets_ticket_changelist"), {"outcome": "bad"})
        self.assertEqual(page.context["cl"].result_count, 0)


class SealsTests(ScreenTestCase):
    def seals(self, table: SealedTable) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(table.rows_of(where="true"))
            return {seal for _chain, _name, seal in cursor.fetchall()}

    def test_a_row_that_says_nothing_is_sealed_as_before_there_was_the_column(self) -> None:
        later = SealedTable(Transition, "transition", "workflow_id", {}, later=("outcome",))
        without = SealedTable(Transition, "transition", "workflow_id", {"outcome": "is new"})
        self.assertEqual(self.seals(later), self.seals(without))
        Transition.objects.filter(label="refused").update(outcome="bad")
        self.assertEqual(len(self.seals(later) - self.seals(without)), 1)

    def test_so_is_one_that_says_no(self) -> None:
        later = SealedTable(Transition, "transition", "workflow_id", {}, later=("on_failure",))
        without = SealedTable(Transition, "transition", "workflow_id", {"on_failure": "is new"})
        self.assertEqual(self.seals(later), self.seals(without))
        Transition.objects.filter(label="refused").update(on_failure=True)
        self.assertEqual(len(self.seals(later) - self.seals(without)), 1)

    def test_no_column_that_came_later_says_something_by_default(self) -> None:
        """Else an upgrade breaks the seals of what was there before."""
        task = self.task_of(self.submit())
        complete_task(task=task, output={"ok": True}, user=self.wendy)
        for table in (*TABLES, *HISTORY.tables):
            new = dict.fromkeys(table.later, "is new")
            before = replace(table, exempt={**table.exempt, **new}, later=())
            with self.subTest(table.table):
                self.assertEqual(self.seals(table), self.seals(before))

    def test_a_published_version_vouches_for_its_outcomes(self) -> None:
        workflow = self.definition.workflow_id
        before = checksums([workflow])
        Transition.objects.filter(label="refused").update(outcome="bad")
        self.assertNotEqual(checksums([workflow]), before)
