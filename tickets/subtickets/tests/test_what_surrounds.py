"""What happens around a step and its sub-ticket: times, moves, holds, deletion, erasure, bounds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tickets.advancing.tests.block_case import ROWS, block, define_flow, form
from tickets.advancing.timers import fire_timer
from tickets.erasing.own_ticket import blank_ticket
from tickets.health import company_findings
from tickets.job_names import FIRE_TIMER
from tickets.keeping.keep_tickets import delete_tickets
from tickets.models import Ticket, TicketError
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.replaying.replay_tickets import replay_tickets
from tickets.submitting.reopen_ticket import reopen_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.subtickets.tests.subticket_case import AMOUNT, SubticketCase, starts
from workflows.authoring.definitions.pages.task_cards import task_cards
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowInstance,
)
from workflows.running.subtickets import depth_of

REASON = "It is not needed."
SECRET = "Ask my aunt in Ghent."
KEPT: JsonObject = {"price": {"var": "subticket.tasks.offer.result"}}


class AroundTests(SubticketCase):
    """`self.ticket` waits for `self.child`, which cleans up where it is cancelled."""

    child: Ticket
    tidying: TicketDefinition
    asking: TicketDefinition

    def set_up_once(self) -> None:
        super().set_up_once()
        result: JsonObject = {"name": "result", "label": "Result", "type": "text"}
        self.tidying = define_flow(
            "tidying",
            {"key": "offer", "title": "Offer", "fields": [result]},
            form("tidy"),
            by=self.carla,
            ways=[(None, "offer"), ("offer", None), (None, "tidy", {"on_cancel": True}),
                  ("tidy", None)],
            fields=AMOUNT,
        )  # fmt: skip
        for each, key in ((self.inner, "inner"), (self.tidying, "tidying")):
            _call(each, key)
        self.asking = self.define(
            starts(self.tidying.key, output_transform=KEPT),
            form("good"),
            form("bad"),
            form("late"),
            ways=[
                (None, "ask"),
                ("ask", "good", {"condition": _outcome("ask", "good")}),
                ("ask", "bad", {"priority": 1}),
                ("ask", "late", {"after": "P2D", "priority": 2}),
                ("good", None),
                ("bad", None),
                ("late", None),
            ],
            fields=AMOUNT,
        )
        _call(self.asking, "asking")
        self.begin()

    def begin(self) -> None:
        self.submit({"amount": 7})
        self.work_off()
        (self.child,) = self.started()

    def follow(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            follow_subticket(ticket_id=self.ticket.pk, task_id=self.task("ask").pk)

    def status(self, ticket: Ticket) -> str:
        return str(Ticket.objects.get(pk=ticket.pk).status)

    def open_in(self, ticket: Ticket) -> list[str]:
        tasks = TaskInstance.objects.filter(workflow_instance__ticket=ticket, status="OPEN")
        return list(tasks.values_list("definition__key", flat=True))

    def cancel(self, ticket: Ticket) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)
        self.work_off()

    def cancel_tidily(self, ticket: Ticket) -> None:
        """It is cancelled, and has cleaned up."""
        self.cancel(ticket)
        self.tidy(ticket)

    def tidy(self, ticket: Ticket) -> None:
        above, self.ticket = self.ticket, ticket
        self.complete("tidy")
        self.ticket = above
        self.work_off()

    def publish(self, **task: Any) -> WorkflowDefinition:
        """The next version, whose step says something else."""
        draft = new_draft(workflow=self.asking.workflow, user=self.carla)
        draft.tasks.filter(key="ask").update(**task)
        if key := task.get("key"):
            ways = draft.transitions.exclude(condition__isnull=True)
            ways.update(condition=_outcome(key, "good"))
        return publish_workflow(workflow=draft, user=self.carla)

    def move(self, to: WorkflowDefinition, **renamed: str) -> str:
        with self.captureOnCommitCallbacks(execute=True):
            (found,) = move_tickets(
                tickets=[self.ticket], to=to, by=self.terry, reason=REASON, renamed=renamed
            )
        return found.refusal

    # Left and moved while the child runs

    def test_left_by_its_time_the_child_is_cancelled_and_cleans_up(self) -> None:
        job = ProcrastinateJob.objects.get(task_name=FIRE_TIMER, args__after="P2D")
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        now = datetime.fromisoformat(arguments["due"]) + timedelta(seconds=1)
        with self.captureOnCommitCallbacks(execute=True):
            fire_timer(now=now, **arguments)
        self.work_off()
        self.assertEqual(self.open_keys(), ["late"])
        self.assertEqual(self.open_in(self.child), ["tidy"])
        for _again in range(2):  # a job that comes again does not cancel the cleaning up
            self.follow()
        self.assertEqual(self.open_in(self.child), ["tidy"])
        self.assert_sound()
        self.tidy(self.child)
        self.assertEqual(self.status(self.child), "CANCELLED")
        self.assertEqual(self.open_keys(), ["late"])
        above, self.ticket = self.ticket, self.child
        (event,) = self.events("CANCELLED")
        self.assertIn(above.number, event.data["reason"])
        self.assertIn("does not wait", event.data["reason"])
        self.assert_sound()

    def test_moved_where_the_step_has_another_key(self) -> None:
        self.assertEqual(self.move(self.publish(key="request"), ask="request"), "")
        self.work_off()
        self.answer(self.child, "12")
        self.work_off()
        self.assertEqual(self.open_keys(), ["good"])
        self.assertEqual(self.instance().data["request"]["price"], "12")
        self.assert_sound()  # the history leads there, too

    def test_moved_where_it_starts_others_or_waits_no_more(self) -> None:
        refusal = self.move(self.publish(ticket_type=self.inner.key))
        self.assertIn("starts other tickets", refusal)
        self.assertEqual(self.move(self.publish(wait_for_end=False, output_transform={})), "")
        self.work_off()
        self.assertEqual(self.open_keys(), ["bad"])  # no outcome: it goes on at once
        self.assertEqual(self.status(self.child), "IN_PROGRESS")
        self.assert_sound()

    def test_tried_again_after_a_move_it_starts_what_the_step_names_now(self) -> None:
        unreadable: JsonObject = {"price": {"var": "subticket.tasks.offer.cents"}}
        self.assertEqual(self.move(self.publish(output_transform=unreadable)), "")
        self.answer(self.child, "12")
        self.work_off()
        error = TicketError.objects.get(ticket=self.ticket)
        self.assertEqual(self.move(self.publish(ticket_type=self.inner.key)), "")
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.work_off()
        (again,) = self.started()
        self.assertEqual(again.definition, self.inner)
        self.assertEqual(self.status(self.child), "COMPLETED")
        self.assert_sound()

    def test_finished_ones_go_the_same_way_in_a_draft(self) -> None:
        for begin, end in ((False, "12"), (True, ""), (True, None)):
            if begin:
                self.begin()
            if end is None:
                self.cancel_tidily(self.child)
            else:
                self.answer(self.child, end)
                self.work_off()
            self.complete(self.open_keys()[0])
        draft = new_draft(workflow=self.asking.workflow, user=self.carla)
        found = replay_tickets(workflow=draft, by=self.root, limit=9)
        self.assertEqual((found.count, found.same), (3, 3), found)
        cancelled = _outcome("ask", "cancelled")
        draft.transitions.exclude(condition__isnull=True).update(condition=cancelled)
        draft = WorkflowDefinition.objects.get(pk=draft.pk)
        found = replay_tickets(workflow=draft, by=self.root, limit=9)
        self.assertEqual((found.differing, found.errors), (3, {}))

    # What becomes of the child

    def test_on_hold_the_child_is_waited_for_and_can_be_cancelled(self) -> None:
        hold_ticket(ticket=self.child, by=self.terry, reason=REASON)
        self.follow()
        self.assertEqual(self.status_of("ask"), "IN_PROGRESS")
        self.assert_sound()
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=self.child, by=self.terry, reason=REASON)
        hold_ticket(ticket=self.child, by=self.terry, reason=REASON)
        self.cancel(self.ticket)
        self.assertEqual(self.open_in(self.child), ["tidy"])
        self.tidy(self.child)
        self.assertEqual(self.status(self.child), "CANCELLED")
        self.assert_sound()

    def test_while_a_cancelled_child_cleans_up_it_is_waited_for(self) -> None:
        self.cancel(self.child)
        self.follow()
        self.assertEqual(self.status_of("ask"), "IN_PROGRESS")
        self.assert_sound()
        self.tidy(self.child)
        self.assertEqual(self.open_keys(), ["bad"])
        kept = self.instance().data["ask"]
        self.assertEqual((kept["outcome"], "price" in kept), ("cancelled", False))
        self.assert_sound()

    def test_a_follow_up_of_the_child_is_a_ticket_of_its_own(self) -> None:
        self.answer(self.child, "12")
        self.work_off()
        TicketDefinition.objects.filter(pk=self.tidying.pk).update(reopen_days=9)
        self.tidying.refresh_from_db()
        with self.captureOnCommitCallbacks(execute=True):
            later = reopen_ticket(
                old=Ticket.objects.get(pk=self.child.pk), why="It was too dear.",
                definition=self.tidying, data={"amount": 8}, user=self.uma, token=uuid4().hex,
                now=timezone.now(),
            )  # fmt: skip
        self.assertEqual(self.started(), [self.child])
        self.answer(later, "9")
        self.assertFalse(self.jobs().exists())
        self.assertEqual(self.open_keys(), ["good"])
        self.assertEqual(self.instance().data["ask"]["price"], "12")
        self.assert_sound()

    def test_a_child_that_is_deleted_is_missed_only_while_it_is_waited_for(self) -> None:
        self.answer(self.child, "12")
        self.jobs()._raw_delete("default")  # it was not noted in time
        delete_tickets([self.child.pk])
        connection.check_constraints()
        (found,) = company_findings()
        self.assertIn("is gone", found.message)
        assert found.mend is not None
        found.mend()
        self.work_off()
        error = TicketError.objects.get(ticket=self.ticket)
        self.assertIn("not there any more", error.message)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.work_off()
        (again,) = self.started()
        self.answer(again, "12")
        self.work_off()
        delete_tickets([again.pk])
        self.assertEqual(self.open_keys(), ["good"])
        self.assert_sound()

    def test_what_is_deleted_above_leaves_one_that_runs_alone(self) -> None:
        self.cancel(self.ticket)  # the child cleans up
        delete_tickets([self.ticket.pk])
        connection.check_constraints()
        self.tidy(self.child)
        self.assertEqual(self.status(self.child), "CANCELLED")
        self.assert_sound()

    def test_whoever_is_erased_takes_along_what_the_step_has_kept(self) -> None:
        self.answer(self.child, SECRET)
        blank_ticket(self.uma, self.child.pk)  # it has ended, and the one above waits
        self.work_off()
        self.complete("good")
        self.assertIn(SECRET, self.said_above())
        blank_ticket(self.uma, self.ticket.pk)
        self.assertNotIn(SECRET, self.said_above())
        self.assertEqual(self.started(), [self.child])
        self.assert_sound()

    def said_above(self) -> str:
        events = [each.data for each in self.events("SUBTICKET_ENDED")]
        return str([self.instance().data, self.task("ask").output_data, events])

    # Bounds

    @override_settings(SUBTICKETS_MOST=1)
    def test_one_starts_no_more_than_so_many(self) -> None:
        given: JsonObject = {"amount": {"var": "item_number"}}
        self.define(
            block("all", starts={"each": "ask"}, for_each={"var": "ticket.lines"}),
            starts(self.inner.key, branch="all.each", input_transform=given),
            ways=[(None, "all"), ("ask", None), ("all", None)],
            fields=ROWS,
        )
        self.submit({"lines": [{"article": "Desk"}, {"article": "Lamp"}]})
        self.work_off()
        self.assertEqual(len(self.started()), 1)
        error = TicketError.objects.get(ticket=self.ticket)
        self.assertIn("starts no more", error.message)
        self.assert_sound()

    def test_a_circle_that_an_archive_claims_is_looked_at_with_an_end(self) -> None:
        below = TaskInstance.objects.filter(workflow_instance__ticket=self.child).latest("pk")
        WorkflowInstance.objects.filter(ticket=self.ticket).update(started_by=below)
        self.assertEqual(depth_of(self.instance(), most=5), 5)

    def test_its_definition_says_what_the_other_is_given(self) -> None:
        card = task_cards(self.asking.workflow, {})[0]
        said = [str(title) for title, _text in card.documents]
        self.assertEqual(said, ["Answers that the other ticket is given", "What is kept of it"])


def _call(definition: TicketDefinition, key: str) -> None:
    """So that a document may name it."""
    WorkflowDefinition.objects.filter(pk=definition.workflow_id).update(key=key)
    TicketDefinition.objects.filter(pk=definition.pk).update(key=key)
    definition.refresh_from_db()


def _outcome(step: str, outcome: str) -> Json:
    return {"==": [{"var": f"tasks.{step}.outcome"}, outcome]}
