"""Transitions that are taken after a time. The clock is moved, nothing sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import use_company
from tenants.testing import CompanyTestCase
from tickets.advancing import jobs
from tickets.advancing.advance_ticket import advance_ticket
from tickets.advancing.tests.test_concurrent_changes import ConcurrentCase
from tickets.advancing.timers import fire_timer
from tickets.health import company_findings, queue_findings
from tickets.job_names import ADVANCE, FIRE_TIMER, RUN_ACTION
from tickets.models import Ticket, TicketError
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.testing import without_taking_steps
from tickets.tests.screens import make_type
from tickets.working.complete_task import complete_task
from workflows.bundles import check_bundle
from workflows.engine.process import Json, JsonObject
from workflows.errors import TaskNotWorkableError
from workflows.models import TaskInstance, WorkflowEvent, WorkflowStatus
from workflows.picture.graph import draw_process
from workflows.running.definition_cache import forget_definitions

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
WEDNESDAY = datetime(2026, 3, 4, 10, tzinfo=UTC)
ANSWER: JsonObject = {"ok": True}


class TimeoutCase(CompanyTestCase):
    """Checking a purchase has two working days; then it is ordered unchecked, or ends."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.definition = make_type()
        self.workflow = self.definition.workflow
        self.check = self.workflow.tasks.get(key="check")
        self.order = self.workflow.tasks.get(key="order")

    def add_transition(self, *, after: str = "P2D", condition: Json = None, **more: Any) -> None:
        self.workflow.transitions.create(
            from_task=self.check, after=after, condition=condition, label="too late", **more
        )

    def make(self, now: datetime = MONDAY) -> Ticket:
        ticket = Ticket.objects.create(
            title="A desk", definition=self.definition, workflow=self.workflow,
            data={"what": "A desk", "amount": 5}, created_by=self.uma,
        )  # fmt: skip
        advance_ticket(ticket_id=ticket.pk, now=now)
        return Ticket.objects.get(pk=ticket.pk)

    def timers(self) -> list[ProcrastinateJob]:
        found = ProcrastinateJob.objects.filter(task_name=FIRE_TIMER, status="todo")
        return list(found.order_by("pk"))

    def fire(self, job: ProcrastinateJob, *, now: datetime) -> None:
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        fire_timer(now=now, **arguments)

    def stall(self, job: ProcrastinateJob) -> None:
        """As a worker leaves a job that died before it could say that it is done."""
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job.pk])

    def requeue(self) -> None:
        """As `manage.py doctor --repair` does."""
        (found,) = queue_findings()
        assert found.mend is not None
        self.assertNotEqual(found.mend(), "")

    def tasks(self, ticket: Ticket) -> list[tuple[str, str]]:
        found = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance)
        return list(found.order_by("pk").values_list("definition__key", "status"))


class TimeoutTests(TimeoutCase):
    def test_the_task_is_cancelled_and_the_flow_goes_on(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (timer,) = self.timers()
        self.assertEqual(timer.args["due"], WEDNESDAY.isoformat())
        self.fire(timer, now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "CANCELLED"), ("order", "OPEN")])
        event = WorkflowEvent.objects.get(kind="TIMED_OUT")
        self.assertEqual((event.data, event.actor), ({"after": "P2D"}, None))
        moved = WorkflowEvent.objects.filter(kind="MOVED").latest("pk")
        self.assertEqual(moved.data["next_tasks"], ["order"])
        self.assertEqual(moved.at, WEDNESDAY)
        self.assertEqual(broken_invariants(ticket), [])
        self.assertEqual(company_findings(), [])

    def test_it_may_lead_to_the_end(self) -> None:
        self.add_transition(to_task=None)
        ticket = self.make()
        self.fire(self.timers()[0], now=WEDNESDAY)
        ticket = Ticket.objects.get(pk=ticket.pk)
        self.assertEqual(ticket.status, WorkflowStatus.COMPLETED)
        assert ticket.workflow_instance is not None
        self.assertEqual(ticket.workflow_instance.end_label, "too late")
        self.assertEqual(broken_invariants(ticket), [])

    def test_twice_is_as_good_as_once(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (timer,) = self.timers()
        for _ in range(3):
            self.fire(timer, now=WEDNESDAY)
        self.assertEqual(len(self.tasks(ticket)), 2)
        self.assertEqual(WorkflowEvent.objects.filter(kind="TIMED_OUT").count(), 1)

    def test_it_fires_after_an_outage(self) -> None:
        """The job stands in the queue, however late the worker comes."""
        self.add_transition(to_task=self.order)
        ticket = self.make()
        self.fire(self.timers()[0], now=WEDNESDAY + timedelta(days=40))
        self.assertEqual(self.tasks(ticket)[-1], ("order", "OPEN"))

    def test_too_early_it_waits_again(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (timer,) = self.timers()
        self.fire(timer, now=WEDNESDAY - timedelta(seconds=5))
        self.assertEqual(self.tasks(ticket), [("check", "OPEN")])
        again = self.timers()[-1]
        self.assertEqual(again.args, timer.args)
        self.assertNotEqual(again.pk, timer.pk)

    def test_a_task_that_was_completed_is_not_left_by_it(self) -> None:
        self.add_transition(to_task=None, priority=-9)
        ticket = self.make()
        task, (timer,) = TaskInstance.objects.get(), self.timers()
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output=ANSWER, user=task.assigned_to or self.uma)
        self.assertEqual(self.tasks(ticket), [("check", "COMPLETED"), ("order", "OPEN")])
        self.assertEqual(self.timers(), [])
        self.fire(timer, now=WEDNESDAY)  # it was running already
        self.assertEqual(self.tasks(ticket), [("check", "COMPLETED"), ("order", "OPEN")])

    def test_what_is_completed_but_not_moved_on_is_not_left_by_it(self) -> None:
        self.add_transition(to_task=None)
        ticket = self.make()
        task, (timer,) = TaskInstance.objects.get(), self.timers()
        with without_taking_steps():
            complete_task(task=task, output=ANSWER, user=task.assigned_to or self.uma)
        self.fire(timer, now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "COMPLETED")])
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=ADVANCE).count(), 1)

    def test_conditions_decide(self) -> None:
        self.add_transition(
            to_task=None, condition={">": [{"var": "ticket.amount"}, 100]}, priority=1
        )
        self.add_transition(
            to_task=self.order, condition={"<": [{"var": "ticket.amount"}, 100]}, priority=2
        )
        ticket = self.make()
        self.assertEqual(len(self.timers()), 1, "One timer for each duration.")
        self.fire(self.timers()[0], now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket)[-1], ("order", "OPEN"))

    def test_where_no_condition_is_true_the_task_goes_on(self) -> None:
        self.add_transition(to_task=None, condition={">": [{"var": "ticket.amount"}, 100]})
        self.add_transition(to_task=self.order, after="P3D")
        ticket = self.make()
        first, second = self.timers()
        self.fire(first, now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "OPEN")])
        self.fire(second, now=WEDNESDAY + timedelta(days=1))
        self.assertEqual(self.tasks(ticket)[-1], ("order", "OPEN"))

    def test_a_condition_that_cannot_be_decided_is_a_ticket_error(self) -> None:
        self.add_transition(to_task=self.order, condition={"==": [{"var": "tasks.check.ok"}, True]})
        ticket = self.make()
        self.fire(self.timers()[0], now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "ERROR")])
        error = TicketError.objects.get()
        self.assertIn("tasks.check.ok", error.message)
        self.assertEqual(broken_invariants(ticket), [])
        retry_step(error=error, by=self.terry, reason=REASON, now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "OPEN")])
        (timer,) = [job for job in self.timers() if job.args["due"] > WEDNESDAY.isoformat()]
        self.assertEqual(timer.args["due"], (WEDNESDAY + timedelta(days=2)).isoformat())

    def test_a_call_that_waits_for_its_callback_is_left(self) -> None:
        self.add_transition(to_task=self.order)
        self.workflow.tasks.filter(pk=self.check.pk).update(
            task_type="ASYNC_ACTION", action_url="https://a.example/"
        )
        ticket = self.make()
        self.fire(self.timers()[0], now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "CANCELLED"), ("order", "OPEN")])
        self.assertFalse(ProcrastinateJob.objects.filter(task_name=RUN_ACTION).exists())

    def test_what_it_leads_to_has_timers_of_its_own(self) -> None:
        self.add_transition(to_task=self.order)
        self.workflow.transitions.create(from_task=self.order, to_task=self.check, after="PT4H")
        ticket = self.make()
        self.fire(self.timers()[0], now=WEDNESDAY)
        self.fire(self.timers()[-1], now=WEDNESDAY + timedelta(hours=4))
        self.assertEqual([key for key, _status in self.tasks(ticket)], ["check", "order", "check"])
        self.assertEqual(len(self.timers()), 1)  # those before went with their tasks

    def test_on_hold_the_time_stands_still(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (timer,) = self.timers()
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON, now=MONDAY)
        self.assertEqual(self.timers(), [])
        self.fire(timer, now=WEDNESDAY)  # it was running already
        self.assertEqual(self.tasks(ticket), [("check", "OPEN")])
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON, now=WEDNESDAY)
        (again,) = self.timers()
        self.assertEqual(again.args["due"], (WEDNESDAY + timedelta(days=2)).isoformat())

    def test_one_of_before_the_hold_does_not_fire_after_it(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (stalled,) = self.timers()
        self.stall(stalled)
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON, now=WEDNESDAY)
        resumed = WEDNESDAY + timedelta(days=1)
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON, now=resumed)
        (counts,) = self.timers()
        self.requeue()
        self.assertEqual(self.timers(), [stalled, counts])
        self.fire(stalled, now=resumed + timedelta(hours=1))
        self.assertEqual(self.tasks(ticket), [("check", "OPEN")])
        self.fire(counts, now=datetime.fromisoformat(counts.args["due"]))
        self.assertEqual(self.tasks(ticket), [("check", "CANCELLED"), ("order", "OPEN")])

    def test_one_of_before_a_failure_does_not_fire_after_it(self) -> None:
        """The task was retried, or given to somebody: its time has begun anew."""
        undecided: Json = {"==": [{"var": "tasks.check.ok"}, True]}
        self.add_transition(to_task=self.order, condition=undecided)
        for again in (self.retry, self.reassign):
            with self.subTest(again=again.__name__):
                ticket = self.make()
                stalled = self.timers()[-1]
                self.fire(stalled, now=WEDNESDAY)
                self.stall(stalled)
                again(TicketError.objects.latest("pk"), now=WEDNESDAY + timedelta(hours=1))
                self.assertEqual(self.tasks(ticket), [("check", "OPEN")])
                self.requeue()
                self.fire(stalled, now=WEDNESDAY + timedelta(hours=2))
                self.assertEqual(self.tasks(ticket), [("check", "OPEN")])

    def retry(self, error: TicketError, *, now: datetime) -> None:
        retry_step(error=error, by=self.terry, reason=REASON, now=now)

    def reassign(self, error: TicketError, *, now: datetime) -> None:
        assert error.task is not None
        reassign_task(task=error.task, to=self.wendy, by=self.terry, reason=REASON, now=now)

    def test_one_of_before_a_move_does_not_fire_after_it(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (stalled,) = self.timers()
        self.stall(stalled)
        newer = make_type(version=2).workflow
        newer.transitions.create(from_task=newer.tasks.get(key="check"), after="P2D")
        move_tickets(tickets=[ticket], to=newer, by=self.terry, reason=REASON, now=WEDNESDAY)
        self.requeue()
        self.fire(stalled, now=WEDNESDAY + timedelta(hours=1))
        self.assertEqual(self.tasks(ticket), [("check", "OPEN")])

    def test_one_that_was_set_in_its_place_fires(self) -> None:
        """The doctor sets one where there is none."""
        self.add_transition(to_task=self.order)
        ticket = self.make(now=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        (found,) = company_findings()
        assert found.mend is not None
        found.mend()
        (timer,) = self.timers()
        self.fire(timer, now=datetime.fromisoformat(timer.args["due"]))
        self.assertEqual(self.tasks(ticket), [("check", "CANCELLED"), ("order", "OPEN")])

    def test_in_another_version_its_times_count(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        newer = make_type(version=2)
        order = newer.workflow.tasks.get(key="order")
        newer.workflow.transitions.create(
            from_task=newer.workflow.tasks.get(key="check"), to_task=order, after="PT1H"
        )
        (moved,) = move_tickets(
            tickets=[ticket], to=newer.workflow, by=self.terry, reason=REASON, now=WEDNESDAY
        )
        self.assertTrue(moved.is_moved, moved.refusal)
        (timer,) = self.timers()
        self.assertEqual(timer.args["due"], (WEDNESDAY + timedelta(hours=1)).isoformat())

    def test_the_history_and_the_submitter_are_told(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        self.fire(self.timers()[0], now=WEDNESDAY)
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=(ticket.pk,)))
        self.assertContains(page, "Check it was not finished within 2 days, and was left.")
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        self.assertContains(page, "Check it was not finished in time.")
        self.log_in(self.carla)
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_change", args=(self.workflow.pk,))
        )
        self.assertContains(page, "<strong>after 2 days</strong>", html=True)

    def test_a_cancelled_tickets_timer_does_nothing(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make()
        (timer,) = self.timers()
        cancel_ticket(ticket=ticket, by=self.terry, reason=REASON, now=MONDAY)
        self.assertEqual(self.timers(), [])
        self.fire(timer, now=WEDNESDAY)
        self.assertEqual(self.tasks(ticket), [("check", "CANCELLED")])
        self.assertEqual(TicketError.objects.count(), 0)

    def test_the_worker_is_told(self) -> None:
        self.add_transition(to_task=self.order)
        self.make()
        task = TaskInstance.objects.get()
        self.fire(self.timers()[0], now=WEDNESDAY)
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=task, output=ANSWER, user=task.assigned_to or self.uma)

    def test_without_a_timeout_there_is_no_timer(self) -> None:
        self.make()
        self.assertEqual(self.timers(), [])

    def test_the_picture_shows_it(self) -> None:
        self.add_transition(to_task=self.order)
        picture = draw_process(self.workflow.process())
        self.assertIn("flow-timed", picture)
        self.assertIn("after 2 days", picture)


class CheckTests(CompanyTestCase):
    def problems(self, *transitions: JsonObject, task_type: str = "FORM") -> list[tuple[str, str]]:
        form: JsonObject = {"fields": [{"name": "b", "type": "text", "required": True}]}
        call: JsonObject = {"task_type": task_type, "action_url": "https://calls.example/"}
        if task_type == "ASYNC_ACTION":  # it has longer than any time here
            call["timeout_seconds"] = 10 * 24 * 3600
        all_transitions: list[Json] = [
            {"from": "start", "to": "one"}, {"from": "one", "to": "two"},
            {"from": "two", "to": "end"}, *transitions,
        ]  # fmt: skip
        document: JsonObject = {
            "format": "ticketflower-bundle", "format_version": 1,
            "workflow": {"key": "w", "title": "W"},
            "tasks": [
                {"key": "one", "title": "One", **(form if task_type == "FORM" else call)},
                {"key": "two", "title": "Two", **form},
            ],
            "transitions": all_transitions,
            "ticket_types": [{"key": "w", "title": "W"}],
        }  # fmt: skip
        return [(each.place, each.severity.value) for each in check_bundle(document)]

    def test_a_way_with_a_time_is_all_right(self) -> None:
        self.assertEqual(self.problems({"from": "one", "to": "end", "after": "P2D"}), [])
        late: JsonObject = {"from": "one", "to": "end", "after": "P2D"}
        self.assertEqual(self.problems(late, task_type="ASYNC_ACTION"), [])

    def test_it_leaves_what_waits(self) -> None:
        place = [("transitions[3].after", "error")]
        self.assertEqual(self.problems({"from": "start", "to": "two", "after": "P2D"}), place)
        late: JsonObject = {"from": "one", "to": "end", "after": "P2D"}
        self.assertEqual(self.problems(late, task_type="SYNC_ACTION"), place)

    def test_it_is_not_the_only_transition(self) -> None:
        document_transition: JsonObject = {"from": "two", "to": "end", "after": "P2D"}
        self.assertEqual(self.problems(document_transition), [])

    def test_it_cannot_read_what_was_not_answered(self) -> None:
        rule: Json = {"==": [{"var": "tasks.one.b"}, "x"]}
        late: JsonObject = {"from": "one", "to": "end", "after": "P2D", "condition": rule}
        self.assertEqual(self.problems(late), [("transitions[3].condition", "error")])

    def test_what_comes_after_it_is_warned(self) -> None:
        """Task two may be reached without the output of task one."""
        rule: Json = {"==": [{"var": "tasks.one.b"}, "x"]}
        early: JsonObject = {"from": "two", "to": "end", "condition": rule, "priority": -1}
        self.assertEqual(self.problems(early), [])
        late: JsonObject = {"from": "one", "to": "two", "after": "P2D"}
        self.assertEqual(self.problems(early, late), [("transitions[3].condition", "warning")])


class AtOnceTests(ConcurrentCase):
    def test_completing_while_the_time_runs_out(self) -> None:
        """One of the two happens; either way the ticket goes on, once."""
        self.workflow.transitions.create(from_task=self.check, to_task=self.sign, after="PT1H")
        forget_definitions()  # the ticket has begun without it
        self.addCleanup(forget_definitions)
        task = self.current(self.ticket)
        worker = task.assigned_to
        assert worker is not None
        due = MONDAY.isoformat()
        raised = self.at_once(
            lambda: complete_task(task=task, output={"big": False}, user=worker),
            lambda: fire_timer(ticket_id=self.ticket.pk, task_id=task.pk, after="PT1H", due=due),
            lambda: fire_timer(ticket_id=self.ticket.pk, task_id=task.pk, after="PT1H", due=due),
        )
        self.assertEqual(raised[1:], [None, None])
        self.assertIsInstance(raised[0], TaskNotWorkableError | None)
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual(self.current(self.ticket).definition.key, "sign")
        self.assertEqual(TaskInstance.objects.count(), 2)

    def test_the_worker_runs_the_job(self) -> None:
        self.workflow.transitions.create(from_task=self.check, to_task=self.sign, after="PT1H")
        forget_definitions()  # the ticket has begun without it
        self.addCleanup(forget_definitions)
        ticket = self.submit()
        job = ProcrastinateJob.objects.get(task_name=FIRE_TIMER)
        jobs.fire_timer(**{**job.args, "due": MONDAY.isoformat()})
        use_company(self.acme)
        self.assertEqual(self.current(ticket).definition.key, "sign")
