"""No transaction locks a ticket and one that it has started: two could wait for each other.

Whatever is done to either of them, each transaction has locked the row of one ticket and of one
workflow instance at most when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.row_locks import Locked, locked_rows
from tickets.advancing.advance_ticket import advance_ticket
from tickets.advancing.lock_ticket import lock_ticket
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.write_message import write_message
from tickets.job_names import FOLLOW_SUBTICKET
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.submitting.submit_ticket import submit_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.tests.crash.made_up_process import bundle, ends_of, form, side_by_side, subticket
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.complete_task import complete_task
from tickets.working.hand_over import hand_over
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskInstance, TicketDefinition
from workflows.running.state_manager import WorkflowStateManager

REASON = "It is not needed."
MORE_THAN_ONE = "More than one is locked."
TICKETS, INSTANCES = "tickets_ticket", "workflows_workflowinstance"
STARTED = "workflow_instance__started_by__workflow_instance__ticket"


class OneLockTests(CompanyTransactionTestCase):
    """`self.above` waits for `self.middle`, which waits for `self.below`; beside it is a form."""

    def set_up_once(self) -> None:
        self.publish("below", [form("offer")], [_way("start", "offer"), _way("offer", "end")])
        self.publish(
            "middle",
            [subticket("ask", "below"), form("tidy")],
            [_way("start", "ask"), _way("ask", "end"), {**_way("start", "tidy"), "on_cancel": True},
             _way("tidy", "end")],
        )  # fmt: skip
        branches = [subticket("ask", "middle"), form("side")]
        self.type = self.publish(
            "above",
            [*side_by_side("both", *branches, ends_when="any"), form("last")],
            [*ends_of(branches), _way("start", "both"), _way("both", "last"), _way("last", "end")],
        )

    def publish(self, key: str, tasks: list[Json], ways: list[JsonObject]) -> TicketDefinition:
        workflow = import_bundle(document=bundle(key, tasks, ways), user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        return TicketDefinition.objects.get(workflow=workflow, is_active=True)

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Else it fails; also where nothing is locked at all, as that would prove nothing."""
        with locked_rows(TICKETS, INSTANCES) as found:
            yield
        self.assertEqual([each for each in found if _most(each) > 1], [], MORE_THAN_ONE)
        self.assertTrue([each for each in found if each[INSTANCES]], "Nothing was locked.")

    def family(self) -> None:
        """A new one, of three, made one lock at a time."""
        with self.one_at_a_time():
            self.above = submit_ticket(definition=self.type, data={"amount": 1}, user=self.uma)
            self.work_off()
            self.middle = Ticket.objects.get(**{STARTED: self.above})
            self.below = Ticket.objects.get(**{STARTED: self.middle})

    def work_off(self) -> None:
        """What jobs are to do of sub-tickets, and of theirs, until nothing is left."""
        jobs = ProcrastinateJob.objects.filter(task_name=FOLLOW_SUBTICKET, status="todo")
        while job := jobs.order_by("pk").first():
            jobs.filter(pk=job.pk)._raw_delete("default")
            follow_subticket(ticket_id=job.args["ticket_id"], task_id=job.args["task_id"])

    def task(self, ticket: Ticket, key: str) -> TaskInstance:
        tasks = TaskInstance.objects.select_related("definition", "assigned_to")
        return tasks.get(workflow_instance__ticket=ticket, definition__key=key)

    def complete(self, ticket: Ticket, key: str) -> None:
        task = self.task(ticket, key)
        assert task.assigned_to is not None
        complete_task(task=task, output={"again": False}, user=task.assigned_to)

    def statuses(self) -> list[str]:
        family = (self.above, self.middle, self.below)
        return [str(Ticket.objects.get(pk=each.pk).status) for each in family]

    def told(self) -> AbstractContextManager[object]:
        return self.assertRaisesRegex(AssertionError, MORE_THAN_ONE)

    def test_two_locks_are_told(self) -> None:
        """Of tickets or of instances: else the others would prove nothing."""
        self.family()
        with self.told(), self.one_at_a_time(), transaction.atomic():
            lock_ticket(self.above.pk)
            lock_ticket(self.below.pk)
        for are_undone in (False, True):
            with self.told(), self.one_at_a_time(), transaction.atomic():
                self.lock_both(are_undone=are_undone)

    @transaction.atomic
    def lock_both(self, *, are_undone: bool) -> None:
        for each in (self.above, self.below):
            assert each.workflow_instance_id is not None
            WorkflowStateManager.lock(each.workflow_instance_id, now=timezone.now())
        transaction.set_rollback(are_undone)

    def test_a_batch_that_writes_to_two_is_told(self) -> None:
        """Also where its last statement ends the transaction, and nothing was locked before."""
        self.family()
        first, second = self.above.workflow_instance, self.below.workflow_instance
        assert first is not None
        assert second is not None
        with self.told(), self.one_at_a_time(), transaction.atomic():
            manager = WorkflowStateManager.lock(first.pk, now=timezone.now())
            with manager.in_one_statement(commits=True):
                manager.update_with_next_write(second, "updated_at")

    def test_to_the_end(self) -> None:
        self.family()
        with self.one_at_a_time():
            self.complete(self.below, "offer")
            self.work_off()
        self.assertEqual(self.statuses(), ["IN_PROGRESS", "COMPLETED", "COMPLETED"])
        with self.one_at_a_time():
            self.complete(self.above, "last")
        self.assertEqual(self.statuses()[0], "COMPLETED")

    def test_cancelled_from_above(self) -> None:
        self.family()
        with self.one_at_a_time():
            cancel_ticket(ticket=self.above, by=self.terry, reason=REASON)
            self.work_off()
            self.complete(self.middle, "tidy")  # it cleans up
            self.work_off()
        self.assertEqual(self.statuses(), ["CANCELLED"] * 3)

    def test_withdrawn(self) -> None:
        self.family()
        with self.one_at_a_time():
            now = timezone.now()
            withdraw_ticket(ticket=self.above, user=self.uma, reason=REASON, now=now)
            self.work_off()
        self.assertEqual(self.statuses()[2], "CANCELLED")

    def test_left_by_its_block(self) -> None:
        self.family()
        with self.one_at_a_time():
            self.complete(self.above, "side")
            self.work_off()
        self.assertEqual(self.statuses()[2], "CANCELLED")

    def test_failed_below_and_tried_again(self) -> None:
        self.family()
        with self.one_at_a_time():
            cancel_ticket(ticket=self.below, by=self.terry, reason=REASON)
            self.work_off()
            error = TicketError.objects.get(ticket=self.middle)
            retry_step(error=error, by=self.terry, reason=REASON)
            self.work_off()
        self.assertEqual(Ticket.objects.filter(**{STARTED: self.middle}).count(), 1)
        self.assertEqual(self.statuses()[1], "IN_PROGRESS")

    def test_not_to_be_started_and_tried_again(self) -> None:
        TicketDefinition.objects.filter(key="middle").update(is_active=False)
        with self.one_at_a_time():
            self.above = submit_ticket(definition=self.type, data={"amount": 1}, user=self.uma)
            self.work_off()
            error = TicketError.objects.get(ticket=self.above)
        TicketDefinition.objects.filter(key="middle").update(is_active=True)
        with self.one_at_a_time():
            retry_step(error=error, by=self.terry, reason=REASON)
            self.work_off()
        self.assertTrue(Ticket.objects.filter(**{STARTED: self.above}).exists())

    def test_finished_by_hand(self) -> None:
        self.family()
        task = self.task(self.middle, "ask")
        output: JsonObject = {"outcome": "good"}
        with self.one_at_a_time():
            finish_task_by_hand(task=task, output=output, by=self.terry, reason=REASON)
            self.work_off()
        self.assertEqual(self.statuses(), ["IN_PROGRESS", "COMPLETED", "CANCELLED"])

    def test_held_and_resumed_on_every_level(self) -> None:
        self.family()
        with self.one_at_a_time():
            for ticket in (self.above, self.middle, self.below):
                hold_ticket(ticket=ticket, by=self.terry, reason=REASON)
                self.work_off()
            for ticket in (self.below, self.middle, self.above):
                resume_ticket(ticket=ticket, by=self.terry, reason=REASON)
                self.work_off()
        self.assertEqual(self.statuses(), ["IN_PROGRESS"] * 3)

    def test_what_people_do_meanwhile(self) -> None:
        self.family()
        task, now = self.task(self.below, "offer"), timezone.now()
        by = task.assigned_to
        assert by is not None
        to = self.walt if by == self.wendy else self.wendy
        with self.one_at_a_time():
            ask_requester(task=task, user=by, text="Which?", token=uuid4().hex, now=now)
            write_message(ticket=self.below, user=self.uma, text="Red.", token=uuid4().hex, now=now)
            hand_over(task=self.task(self.below, "offer"), to=to, by=by, reason=REASON, now=now)
            correct_ticket_data(
                ticket=self.middle, data={"amount": 2}, by=self.terry, reason=REASON
            )
            for ticket in (self.above, self.middle, self.below):
                advance_ticket(ticket_id=ticket.pk)
            self.work_off()
        self.assertEqual(self.statuses(), ["IN_PROGRESS"] * 3)


def _most(locked: Locked) -> int:
    return max(len(rows) for rows in locked.values())


def _way(source: str, target: str) -> JsonObject:
    return {"from": source, "to": target}
