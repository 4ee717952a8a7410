"""The one write path of a workflow instance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db import connection
from django.db.models import Model

from tenants.fast.prepared import next_id, next_ids
from tenants.fast.rows import new_row
from tenants.models import User
from workflows.engine.calendar import Duration
from workflows.engine.decide import Decision, decide, decide_cancel, decide_failure, decide_timeout
from workflows.engine.failure import Failure
from workflows.engine.process import JsonObject
from workflows.errors import (
    OtherInstanceError,
    TaskNotWorkableError,
    TaskTakenError,
    WorkflowOnHoldError,
)
from workflows.models import (
    BusinessCalendar,
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.task_instance import ASSIGNMENT
from workflows.running.assignment import (
    NO_TASK,
    assign_by_rule,
    assign_if_possible,
    assign_with_next_write,
    assignee_data,
)
from workflows.running.cancelled_at import task_of_cancel
from workflows.running.candidates import may_have
from workflows.running.definition_cache import definition_of
from workflows.running.events.accepted import ACCEPTED
from workflows.running.events.answered import ANSWERED
from workflows.running.events.asked import ASKED
from workflows.running.events.assigned import ASSIGNED
from workflows.running.events.call_failed import CALL_FAILED
from workflows.running.events.called import CALLED
from workflows.running.events.cleaned_up import CLEANED_UP
from workflows.running.events.completed import COMPLETED
from workflows.running.events.failed import FAILED
from workflows.running.events.kind import EventKind
from workflows.running.events.moved import MOVED
from workflows.running.events.released import RELEASED
from workflows.running.events.started import STARTED
from workflows.running.events.submitted_for import SUBMITTED_FOR
from workflows.running.events.task_completed import TASK_COMPLETED
from workflows.running.events.task_started import TASK_STARTED
from workflows.running.events.timed_out import TIMED_OUT
from workflows.running.failures import last_failures
from workflows.running.questions import QUESTION_ENDED, due_after_question
from workflows.running.sealing import batch_of_history
from workflows.running.step_part import StepPart
from workflows.running.visits import bounded, count_visits
from workflows.running.with_event import WITH_EVENT, Happened


@dataclass(frozen=True, slots=True)
class Move:
    """What `advance` did.

    `error` is a sentence for people where no transition led on: the caller keeps it as a ticket
    error in the same transaction. Of `new_tasks` the caller sets the timers, likewise; `calls`
    are those of them that are actions, whose jobs it defers.
    """

    moved: bool = False
    ended: bool = False
    error: str = ""
    failed_task: TaskInstance | None = None
    calls: list[TaskInstance] = field(default_factory=list)
    new_tasks: list[TaskInstance] = field(default_factory=list)


# Added to the query that locks an instance, so that making a task needs no further statement.
NEXT_TASK = {"next_task_id": next_id(TaskInstance)}


class WorkflowStateManager:
    """Moves one workflow instance, whose row the transaction has locked.

    Every method must run inside a transaction; `lock` or `create` begin it all. `now` is
    the time that is written wherever one is needed; `actor` is who did it (None: the system).
    """

    def __init__(
        self,
        instance: WorkflowInstance,
        *,
        now: datetime,
        actor: User | None = None,
        next_task_id: int | None = None,
    ) -> None:
        """For an instance that the caller has locked; else see `lock` and `create`.

        `next_task_id` was drawn for the task that is made next: see NEXT_TASK.
        """
        self.instance = instance
        self.now = now
        self.actor = actor
        # Whoever did what makes a step due: the step itself is the system's.
        self._caused_by = actor
        self._batch = batch_of_history(now=now)
        self._is_batching = False
        self._is_in_parts = False
        self._next_task_id = next_task_id
        # How far the step is, and which task it is about to make: for whoever asks what failed.
        self.part = StepPart.DECISION
        self.next_definition: TaskDefinition | None = None

    @classmethod
    def lock(cls, instance_id: int, *, now: datetime, actor: User | None = None) -> Self:
        """Wait for the instance's row lock and read the instance as it is then.

        The current task comes as it was before the wait. Only who holds the ticket's lock
        too, as `advance` does, may decide by it; others read their task anew.
        """
        instances = (
            WorkflowInstance.objects.select_related("workflow", "current_task__definition")
            # no_key: or whoever inserts a row that points here while holding a later lock
            # (an event of a task that is assigned) and we would wait for each other.
            .select_for_update(of=("self",), no_key=True)
        )
        try:
            instance = instances.get(pk=instance_id)
        except WorkflowInstance.DoesNotExist:
            # It was moved to another version during the wait: Postgres has locked the row,
            # but leaves out what no longer goes with the version that it had joined before.
            instance = instances.get(pk=instance_id)
        return cls(instance, now=now, actor=actor)

    @classmethod
    def create(
        cls, workflow: WorkflowDefinition, *, now: datetime, actor: User | None = None
    ) -> Self:
        """Make an instance that has not started; nobody else sees it before the commit."""
        manager = cls(WorkflowInstance.objects.create(workflow=workflow), now=now, actor=actor)
        manager.update_with_next_write(manager.instance, "updated_at")  # so that it is sealed
        return manager

    @classmethod
    def begin(
        cls, workflow: WorkflowDefinition, *, instance_id: int, next_task_id: int, now: datetime
    ) -> Self:
        """As `create`, but the instance is inserted with what is done next."""
        instance = new_row(WorkflowInstance, id=instance_id, workflow=workflow)
        manager = cls(instance, now=now, next_task_id=next_task_id)
        manager.insert_with_next_write(instance)
        manager._batch.begins_chain = True
        return manager

    @contextmanager
    def in_one_statement(self, *, commits: bool = False) -> Iterator[None]:
        """Write all that is done inside in one statement, at the end; nothing where it fails.

        `commits`: nothing follows, so that the transaction ends with it, where it is the
        outermost one.
        """
        self._is_batching = True
        try:
            yield
        finally:
            self._is_batching = False
        self._batch.write(commits=commits)

    def write_in_parts(self) -> None:
        """Send each part of the step by itself: where one fails, `part` says which it was."""
        self._is_in_parts = True
        self.part = StepPart.INSTANCE

    def begin_part(self, part: StepPart) -> None:
        """What follows belongs to this part of the step.

        In parts, what came before is written now, and what the database checks at the commit is
        checked.
        """
        if self._is_in_parts:
            self._batch.write()
            connection.check_constraints()
        self.part = part

    def insert_with_next_write(self, row: Model) -> None:
        """Have a row, whose id is known, inserted with what is done next."""
        self._batch.insert(row)

    def is_about(self, row: Model) -> None:
        """Say which row of the app above, such as its ticket, the instance belongs to."""
        self._batch.about = row

    def update_with_next_write(self, row: Model, *fields: str) -> None:
        """Have these fields of a row of this instance, such as its ticket, written with it."""
        self._batch.update(row, *fields)

    def execute_with_next_write(self, statement: str, *values: object) -> None:
        """Have another statement, that changes other rows, run with what is done next."""
        self._batch.add_statement(statement, *values)

    def submitted_for(self, requester: User, *, by: User) -> None:
        """Note that somebody submitted the ticket in the place of its requester."""
        actor, self.actor = self.actor, by
        data: JsonObject = {"to": str(requester), "to_id": requester.pk}
        self._record(SUBMITTED_FOR, data=data)
        self.actor = actor
        self._save()

    def advance(self, facts: JsonObject) -> Move:
        """Take the step that is due, if one is: from the start, or from a completed task.

        `facts` is the context without `tasks`. Called twice, the second finds nothing to do.
        Whoever did what made it due, the step is the system's doing.
        """
        self.actor = None
        if not self.is_step_due:
            return Move()
        if self.instance.is_to_clean_up:
            return self._clean_up(facts)
        ended_task = self.completed_task
        ended_key = None if ended_task is None else ended_task.definition.key
        process = definition_of(self.instance.workflow_id).process
        decision = decide(process, ended_key, self._context(facts))
        return self._apply_decision(decision, ended_task)

    def _clean_up(self, facts: JsonObject) -> Move:
        """Go the way that the workflow has for a ticket that was cancelled where this one was."""
        task, key = task_of_cancel(self.instance)
        process = definition_of(self.instance.workflow_id).process
        decision = decide_cancel(process, key, self._context(facts))
        if not (decision.error or decision.is_silent):
            decision = bounded(decision, self.instance, task)
        if decision.error:
            return self._fail_decision(decision, None)
        if decision.is_silent:
            return self._end_clean_up({"tried": decision.as_json()["tried"]})
        return self._apply_decision(decision, task)

    def _end_clean_up(self, data: JsonObject, *, end_label: str = "") -> Move:
        self.begin_part(StepPart.END)
        self.instance.end_clean_up(end_label=end_label, now=self.now)
        self._record(CLEANED_UP, data=data)
        self._save_instance("status", "end_label", "completed_at")
        return Move(moved=True, ended=True)

    def _context(self, facts: JsonObject) -> JsonObject:
        """What conditions of transitions read."""
        context: JsonObject = {**facts, "tasks": self.instance.data}
        known = definition_of(self.instance.workflow_id)
        if known.reads_visits:
            context["visits"] = known.process.visits(count_visits(self.instance))
        if known.reads_failures:
            context["failures"] = last_failures(self.instance)
        return context

    def time_out(self, task: TaskInstance, *, after: str, facts: JsonObject) -> Move:
        """Leave a task that has not ended within `after`, where the definition says so.

        The caller holds the ticket's lock and has read the task, locked, after the instance.
        A task that has ended, is in ERROR or on hold is left alone.
        """
        is_current = task.pk == self.instance.current_task_id
        if self.instance.status != WorkflowStatus.IN_PROGRESS or not is_current:
            return Move()
        if not task.is_alive or task.waits_for_answer:
            return Move()
        process = definition_of(self.instance.workflow_id).process
        decision = decide_timeout(process, task.definition.key, after, self._context(facts))
        if decision.next_tasks:
            decision = bounded(decision, self.instance, task)
        if decision.error:
            return self._fail_decision(decision, task)
        if not decision.is_end and not decision.next_tasks:
            return Move()
        self.begin_part(StepPart.MOVE)
        task.cancel(now=self.now)
        self._batch.update(task, "status", "completed_at")
        self._record(TIMED_OUT, task=task, data={"after": after})
        return self._apply_decision(decision, task)

    def leave_failed_call(self, task: TaskInstance, *, failure: Failure, facts: JsonObject) -> Move:
        """Leave a call that has failed for good, where the definition has a way for that.

        The caller holds the ticket's lock and has read the task after the instance. Where no
        transition is taken nothing is changed: it keeps a ticket error, with the `error` of the
        move where a condition could not be decided. On hold no step is taken.
        """
        if self.instance.status != WorkflowStatus.IN_PROGRESS or not task.is_alive:
            return Move()
        if task.pk != self.instance.current_task_id:
            return Move()
        process = definition_of(self.instance.workflow_id).process
        decision = decide_failure(process, task.definition.key, failure, self._context(facts))
        decision = bounded(decision, self.instance, task)
        if decision.error or decision.is_silent:
            return Move(error=decision.error)
        self.begin_part(StepPart.MOVE)
        task.cancel(now=self.now)
        self._batch.update(task, "status", "completed_at")
        data: JsonObject = {"failure": failure.as_json(), "next_tasks": [*decision.next_tasks]}
        self._record(CALL_FAILED, task=task, data=data)
        return self._apply_decision(decision, task)

    def has_failure_ways(self, task: TaskInstance) -> bool:
        """Whether the definition has a way out of this call for when it fails."""
        process = definition_of(self.instance.workflow_id).process
        return process.has_failure_ways(task.definition.key)

    @property
    def is_step_due(self) -> bool:
        """Whether `advance` has something to do.

        That is a start, a transition from a completed task, or what follows of a cancel.
        """
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            return True
        return self.completed_task is not None or self.instance.is_to_clean_up

    @property
    def completed_task(self) -> TaskInstance | None:
        """The completed task from which the next step begins; None at the start too."""
        task = self.instance.current_task
        if self.instance.status != WorkflowStatus.IN_PROGRESS or task is None:
            return None
        return task if task.status == TaskStatus.COMPLETED else None

    def _apply_decision(self, decision: Decision, ended_task: TaskInstance | None) -> Move:
        if not decision.error:
            decision = bounded(decision, self.instance, ended_task)
        if decision.error:
            return self._fail_decision(decision, ended_task)
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            self.begin_part(StepPart.INSTANCE)
            self.instance.start(now=self.now)
            workflow = self.instance.workflow
            started: JsonObject = {"workflow": str(workflow), "version": workflow.version}
            self._record(STARTED, data=started)
        return (
            self._end(decision, ended_task)
            if decision.is_end
            else self._make_next_tasks(decision, ended_task)
        )

    def _end(self, decision: Decision, ended_task: TaskInstance | None) -> Move:
        self.begin_part(StepPart.END)
        self._record(MOVED, task=ended_task, data=decision.as_json())
        if self.instance.cleans_up:
            data: JsonObject = {"label": decision.end_label}
            return self._end_clean_up(data, end_label=decision.end_label)
        end: JsonObject = {"label": decision.end_label, "outcome": decision.outcome.value}
        self.instance.complete(end_label=decision.end_label, outcome=decision.outcome, now=self.now)
        self._record(COMPLETED, data=end)
        self._save_instance("status", "end_label", "outcome", "completed_at", "started_at")
        return Move(moved=True, ended=True)

    def _make_next_tasks(self, decision: Decision, ended_task: TaskInstance | None) -> Move:
        self.begin_part(StepPart.TASK)
        tasks = [self._make_task(key) for key in decision.next_tasks]
        self.begin_part(StepPart.MOVE)
        moved = decision.as_json()
        # With these ids the history alone gives every task's life: workflows/running/history.py.
        moved["made"] = [{"task": task.pk, "key": task.definition.key} for task in tasks]
        if self.instance.cleans_up:
            moved["cleans_up"] = True
        self._record(MOVED, task=ended_task, data=moved)
        self.instance.current_task = tasks[-1]
        self._batch.update(self.instance, "status", "current_task", "started_at", "updated_at")
        self.begin_part(StepPart.ASSIGNMENT)
        ended = NO_TASK if ended_task is None else ended_task.pk
        forms = [task for task in tasks if task.definition.is_form]
        for task in forms:
            self._assign(task, ended=ended)
        self._save()
        calls = [task for task in tasks if not task.definition.is_form]
        return Move(moved=True, calls=calls, new_tasks=tasks)

    def _fail_decision(self, decision: Decision, ended_task: TaskInstance | None) -> Move:
        self._fail(ended_task, data=decision.as_json())
        return Move(error=decision.error, failed_task=ended_task)

    def fail_transition(self, *, reason: str) -> TaskInstance | None:
        """Record that the step that is due cannot be taken; the caller keeps a ticket error.

        Returns the task that was to be left, which is in ERROR now; None at the start.
        """
        ended_task = self.completed_task
        self._fail(ended_task, data={"error": reason})
        return ended_task

    def _fail(self, task: TaskInstance | None, *, data: JsonObject) -> None:
        if task is not None:
            task.fail()
            self._batch.update(task, "status")
        self._record(FAILED, task=task, data=data)
        self._save()

    def _make_task(self, key: str) -> TaskInstance:
        definition = self.next_definition = definition_of(self.instance.workflow_id).tasks[key]
        task_id, self._next_task_id = self._next_task_id, None
        if task_id is None:
            (task_id,) = next_ids(TaskInstance)
        task = new_row(
            TaskInstance, id=task_id, workflow_instance=self.instance, definition=definition
        )
        if definition.due_in:
            working_time = BusinessCalendar.objects.current().working_time()
            task.due_at = working_time.after(self.now, Duration.parse(definition.due_in))
        self._batch.insert(task)
        return task

    def _assign(self, task: TaskInstance, *, ended: int) -> None:
        self.next_definition = task.definition
        if task.definition.assign_to:
            self._assign_by_rule(task)
            return
        if self._batch.finds:  # of two forms the second goes by whom the first was given
            self._batch.write()
        assign_with_next_write(task, self._batch, now=self.now, ended=ended)
        self._batch.update(task, *ASSIGNMENT)

    def _assign_by_rule(self, task: TaskInstance) -> None:
        """The rule asks who did what until now, and whose ticket it is: all of that is written."""
        self._batch.write()
        given = assign_by_rule(task, now=self.now)
        self._batch.update(task, *ASSIGNMENT)
        if given is not None:
            self._record(ASSIGNED, task=task, data=given)

    def claim_task(self, task: TaskInstance, *, by: User) -> None:
        """Give a form that nobody has to whoever asks for it; the caller holds the assignment.

        Raises:
            TaskTakenError: somebody has it.
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        if task.assigned_to_id is not None or task.status != TaskStatus.PENDING:
            raise TaskTakenError
        task.assign(to=by, now=self.now)
        self._batch.update(task, *ASSIGNMENT)
        self._record(ASSIGNED, task=task, data={**assignee_data(by), "claimed": True})
        self._save()

    def release_task(self, task: TaskInstance, *, by: User) -> None:
        """Put a form back, for another worker: at once, or whoever is available or claims it next.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        task.release(by=by)
        data: JsonObject = {"from": str(by), "from_id": by.pk}
        self._record(RELEASED, task=task, data=data)
        given = assign_if_possible(task, now=self.now)
        if given is not None:
            self._record(ASSIGNED, task=task, data=given)
        self._batch.update(task, *ASSIGNMENT)
        self._save()

    def start_task(self, task: TaskInstance) -> None:
        """Note that somebody works on the task, or that a call begins.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        if task.status == TaskStatus.IN_PROGRESS:
            return
        task.start(now=self.now)
        self._batch.update(task, "status", "started_at")
        self._record(TASK_STARTED, task=task)
        self._save()

    def ask_requester(self, task: TaskInstance) -> None:
        """Let a form wait for an answer of whoever submitted the ticket; its worker keeps it.

        Raises:
            TaskNotWorkableError: the task has ended or waits already, or the workflow does not run.
        """
        self.ensure_workable(task)
        if not task.is_workable:
            raise TaskNotWorkableError
        due = "" if task.due_at is None else task.due_at.isoformat()
        task.ask()
        self._batch.update(task, "status", "due_at")
        self._record(ASKED, task=task, data={"due": due})
        self._save()

    def end_question(self, task: TaskInstance, *, without: bool) -> None:
        """Let a form go on that waits for an answer; also on hold.

        It has as much working time as was left: see `due_after_question`. Where its worker may not
        be given it any more, it is given to somebody else; on hold that is done when the workflow
        is resumed.
        """
        self._go_on(task, without=without)
        worker = task.assigned_to
        if worker is None or may_have(task, worker):
            return
        if self.instance.status == WorkflowStatus.IN_PROGRESS:
            self.release_task(task, by=worker)

    def _go_on(self, task: TaskInstance, *, without: bool) -> None:
        task.go_on(due_at=due_after_question(task, now=self.now))
        self._batch.update(task, "status", "due_at")
        self._record(ANSWERED, task=task, data={"without": True} if without else {})
        self._save()
        QUESTION_ENDED.call_all(task, self.now)

    def begin_call(self, task: TaskInstance, *, input_data: JsonObject) -> None:
        """Record one more attempt of an action's call, before the call is made.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        if self.instance.status == WorkflowStatus.ON_HOLD:
            raise WorkflowOnHoldError
        self.ensure_workable(task)
        task.start(now=self.now)
        task.attempts += 1
        task.input_data = input_data
        self._batch.update(task, "status", "started_at", "attempts", "input_data")
        self._record(CALLED, task=task, data={"attempt": task.attempts})
        self._save()

    def wait_for_callback(self, task: TaskInstance) -> None:
        """Note that the call was accepted, and its answer comes later.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        task.wait_for_callback()
        self._batch.update(task, "status")
        self._record(ACCEPTED, task=task, data={"attempt": task.attempts})
        self._save()

    def complete_task(self, task: TaskInstance, *, output: JsonObject) -> None:
        """Save a task's output, which the caller has validated; `advance` then moves on.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        self._complete(task, output=output)

    def _complete(self, task: TaskInstance, *, output: JsonObject) -> None:
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self.instance.data = {**self.instance.data, task.definition.key: output}
        self._record(TASK_COMPLETED, task=task, data={"output": output})
        self._save_instance("data")

    def fail_task(self, task: TaskInstance, *, reason: str) -> None:
        """Put a task that could not be done into ERROR; the caller keeps a ticket error.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        self._fail(task, data={"error": reason})

    def ensure_workable(self, task: TaskInstance) -> None:
        """For a task that is to be worked on or completed.

        Raises:
            TaskNotWorkableError: it has ended, or the workflow does not run.
            WorkflowOnHoldError: the workflow was put on hold.
        """
        if task.workflow_instance_id != self.instance.pk:
            raise OtherInstanceError
        alive = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING)
        if task.status not in alive:
            raise TaskNotWorkableError
        # What comes of a call that was made before the workflow was put on hold counts.
        if self.instance.status == WorkflowStatus.ON_HOLD and task.definition.is_form:
            raise WorkflowOnHoldError
        if self.instance.status not in (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD):
            raise TaskNotWorkableError

    def _record(
        self, kind: EventKind, *, task: TaskInstance | None = None, data: JsonObject | None = None
    ) -> None:
        self._batch.insert_values(
            WorkflowEvent,
            workflow_instance_id=self.instance.pk,
            task_instance_id=None if task is None else task.pk,
            kind=str(kind),
            actor_id=None if self.actor is None else self.actor.pk,
            at=self.now,
            data=data or {},
        )
        caused_by = self.actor or self._caused_by
        happened = Happened(
            kind=kind,
            instance_id=self.instance.pk,
            task=task,
            data=data or {},
            by_id=None if caused_by is None else caused_by.pk,
            workflow_id=self.instance.workflow_id,
        )
        WITH_EVENT.call_all(self._batch, happened)

    def _save(self) -> None:
        if not self._is_batching:
            self._batch.write()

    def _save_instance(self, *fields: str) -> None:
        self._batch.update(self.instance, *fields, "updated_at")
        self._save()
