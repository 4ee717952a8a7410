"""The one write path of a workflow instance."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from tenants.fast.prepared import next_id, next_ids
from tenants.fast.rows import new_row
from tenants.models import User
from workflows.engine.answered import output_of
from workflows.engine.at_once import AtOnceError, carry_out
from workflows.engine.blocks import (
    BlockSpec,
    Entered,
    block_output,
    enter_approval,
    enter_block,
    is_over,
    outputs_after,
)
from workflows.engine.calendar import WorkingTime
from workflows.engine.clock import Clock
from workflows.engine.decide import Decision, decide, decide_cancel, decide_failure, decide_timeout
from workflows.engine.failure import Failure
from workflows.engine.process import Json, JsonObject
from workflows.errors import (
    OtherInstanceError,
    TaskNotWorkableError,
    TaskTakenError,
    WorkflowOnHoldError,
)
from workflows.models import (
    BusinessCalendar,
    Path,
    PathStatus,
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.task_instance import ASSIGNMENT, UNFINISHED
from workflows.priorities import Priority
from workflows.running.approvers import find_approvers, votes_of
from workflows.running.assignment import (
    NO_TASK,
    assign_by_rule,
    assign_if_possible,
    assign_together,
    assign_with_next_write,
    assignee_data,
)
from workflows.running.cancelled_at import task_of_cancel
from workflows.running.candidates import may_have
from workflows.running.definition_cache import definition_of
from workflows.running.due_dates import set_times
from workflows.running.events.accepted import ACCEPTED
from workflows.running.events.answered import ANSWERED
from workflows.running.events.asked import ASKED
from workflows.running.events.assigned import ASSIGNED
from workflows.running.events.block_began import BLOCK_BEGAN
from workflows.running.events.block_ended import BLOCK_ENDED
from workflows.running.events.branch_began import BRANCH_BEGAN
from workflows.running.events.branch_cancelled import BRANCH_CANCELLED, Why
from workflows.running.events.branch_ended import BRANCH_ENDED
from workflows.running.events.call_failed import CALL_FAILED
from workflows.running.events.called import CALLED
from workflows.running.events.came_in import CAME_IN
from workflows.running.events.changed import CHANGED
from workflows.running.events.cleaned_up import CLEANED_UP
from workflows.running.events.completed import COMPLETED
from workflows.running.events.done_at_once import DONE_AT_ONCE
from workflows.running.events.failed import FAILED
from workflows.running.events.kind import EventKind
from workflows.running.events.moved import MOVED
from workflows.running.events.priority_changed import PRIORITY_CHANGED
from workflows.running.events.released import RELEASED
from workflows.running.events.reminded import REMINDED
from workflows.running.events.started import STARTED
from workflows.running.events.submitted_for import SUBMITTED_FOR
from workflows.running.events.task_completed import TASK_COMPLETED
from workflows.running.events.task_started import TASK_STARTED
from workflows.running.events.timed_out import TIMED_OUT
from workflows.running.events.wait_ended import WAIT_ENDED
from workflows.running.failures import last_failures
from workflows.running.keys_now import key_of_output
from workflows.running.positions import Positions
from workflows.running.questions import QUESTION_ENDED, due_after_question
from workflows.running.sealing import batch_of_history
from workflows.running.step_part import StepPart
from workflows.running.visits import Visits, bounded
from workflows.running.who_did import done_by, who_did
from workflows.running.with_event import WITH_EVENT, Happened
from workflows.working_hours.company_clock import company_clock


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that could not be taken: a sentence for people, and the task that is in ERROR.

    `is_of_task`: the task itself could not be begun, such as a block; else it is to be left.
    """

    error: str
    task: TaskInstance | None = None
    is_of_task: bool = False


@dataclass(slots=True)
class Move:
    """What `advance` did.

    Of each of the `failures` the caller keeps a ticket error in the same transaction. Of
    `new_tasks` the caller sets the timers, likewise; `calls` are those of them that are actions,
    whose jobs it defers. `cancelled` are the tasks that stood in branches which are not waited for
    any more; `cancelled_in_error` those of them whose errors are to be closed.
    """

    moved: bool = False
    ended: bool = False
    failures: list[FailedStep] = field(default_factory=list)
    calls: list[TaskInstance] = field(default_factory=list)
    new_tasks: list[TaskInstance] = field(default_factory=list)
    cancelled: list[TaskInstance] = field(default_factory=list)
    cancelled_in_error: list[TaskInstance] = field(default_factory=list)

    @property
    def error(self) -> str:
        """Why the task that was to be left could not be; empty where it could."""
        return self.failures[0].error if self.failures else ""


# Steps of the engine's own that one transaction may do: they hold its locks.
MOST_AT_ONCE: Final = 100
MOST_DRAWN: Final = 20  # ids of tasks, by one statement
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
        self.positions = Positions(instance)
        # Ids that were drawn for rows which are made next.
        self._drawn: dict[type[Model], list[int]] = {}
        self._working_time: WorkingTime | None = None
        # Tasks that the step itself has done, from which it goes on.
        self._done_here: list[TaskInstance] = []
        self._has_cancelled = False
        self._visits = Visits(instance)
        # Who did which task: what is written, and what is about to be.
        self._done_before: JsonObject | None = None
        self._done_now: JsonObject = {}
        self._at_once = 0  # so many steps of the engine's own were done in this transaction
        # How far the step is, by which task it was due, which it is to leave, and which it is about
        # to make: for whoever asks what failed.
        self.part = StepPart.DECISION
        self.due_task: TaskInstance | None = None
        self.leaving: TaskInstance | None = None
        self.next_definition: TaskDefinition | None = None
        # The answers of the ticket, once a step is taken: what is due may be counted from one.
        self._ticket_data: Json = None

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

    def came_in(self, data: JsonObject) -> None:
        """Note that no hand has submitted the ticket: see the event."""
        self._record(CAME_IN, data=data)
        self._save()

    def read_task(self, task_id: int) -> TaskInstance:
        """A task of this instance, locked, as it is now.

        Raises:
            TaskInstance.DoesNotExist: the instance has no such task.
        """
        task = (
            TaskInstance.objects.select_related("definition__candidate_role", "assigned_to")
            .select_for_update(of=("self",), no_key=True)
            .get(pk=task_id, workflow_instance=self.instance)
        )
        self.positions.know(task)
        return task

    def read_current_tasks(self) -> list[TaskInstance]:
        """The tasks at which it stands, on the main path first, locked, as they are now."""
        if self.instance.current_task_id is None:
            return []
        self.read_task(self.instance.current_task_id)
        current = self.positions.current_tasks()
        return [current[0], *(self.read_task(each.pk) for each in current[1:])]

    def advance(self, facts: JsonObject, *, blocked: Collection[int] = ()) -> Move:
        """Take each step that is due: from the start, from a completed task, into a block.

        `facts` is the context without `tasks`; of `blocked` tasks (their ids) an error waits for
        somebody, and they are left alone. Called twice, the second finds nothing to do. Whoever
        did what made it due, the step is the system's doing.
        """
        self.actor = None
        self._visits.forget()
        self._done_before = None
        move = Move()
        if self.instance.is_to_clean_up:
            self._clean_up(facts, move)
            return move
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            self._leave(None, facts, move)
        for task in self.tasks_due:
            # A step before may have ended the block around it.
            if task.pk not in blocked and self._is_due(task):
                self.due_task = task
                self._leave(task, facts, move)
        return move

    def _leave(self, task: TaskInstance | None, facts: JsonObject, move: Move) -> None:
        """Go on from a task that is done (None: the start), or into one that is tried again.

        With every step after it that is done at once.
        """
        self._leave_once(task, facts, move)
        self._go_on_from_done(facts, move)

    def _leave_once(self, task: TaskInstance | None, facts: JsonObject, move: Move) -> None:
        self.leaving = task
        if task is not None and task.status == TaskStatus.PENDING:
            self._go_into([task], ended=None, facts=facts, move=move)
            move.new_tasks.remove(task)  # its time runs since it is tried again
        else:
            process = definition_of(self.instance.workflow_id).process
            key = None if task is None else task.definition.key
            context = self._context(facts, self.positions.path_of(task))
            decision = decide(process, key, context, self._clock())
            self._apply_decision(decision, task, facts, move)

    def _go_on_from_done(self, facts: JsonObject, move: Move) -> None:
        """Of what was done in this step the next transition is taken at once.

        That is a block or a wait that has ended, or a step of the engine's own. All of it is
        written together; what goes in circles ends as `bounded` says.
        """
        while self._done_here:
            task = self._done_here.pop(0)
            if self._is_due(task):
                self._leave_once(task, facts, move)
        self._save()

    def _clean_up(self, facts: JsonObject, move: Move) -> None:
        """Go the way that the workflow has for a ticket that was cancelled where this one was."""
        task, key = task_of_cancel(self.instance)
        process = definition_of(self.instance.workflow_id).process
        decision = decide_cancel(process, key, self._context(facts), self._clock())
        if not (decision.error or decision.is_silent):
            decision = self._bounded(decision, task)
        if decision.error:
            self._fail_decision(decision, None, move)
        elif decision.is_silent:
            self._end_clean_up({"tried": decision.as_json()["tried"]}, move)
        else:
            self._apply_decision(decision, task, facts, move)
            self._go_on_from_done(facts, move)

    def _end_clean_up(self, data: JsonObject, move: Move, *, end_label: str = "") -> None:
        self.begin_part(StepPart.END)
        self.instance.end_clean_up(end_label=end_label, now=self.now)
        self._record(CLEANED_UP, data=data)
        self._save_instance("status", "end_label", "completed_at")
        move.moved = move.ended = True

    def _context(self, facts: JsonObject, path: Path | None = None) -> JsonObject:
        """What conditions of transitions read on a path."""
        context: JsonObject = {**facts, **self.positions.reads(path)}
        self._ticket_data = facts.get("ticket")
        known = definition_of(self.instance.workflow_id)
        if known.reads_visits:
            counted = self._visits.counted(self.positions.outwards(path))
            context["visits"] = known.process.visits(counted)
        if known.reads_done:
            if self._done_before is None:
                is_new = self.instance.status == WorkflowStatus.NOT_STARTED
                self._done_before = {} if is_new else who_did(self.instance)
            context["done"] = {**self._done_before, **self._done_now}
        if known.reads_failures:
            context["failures"] = last_failures(self.instance)
        return context

    def facts_at(self, task: TaskInstance, facts: JsonObject) -> JsonObject:
        """What the transforms of a task read: `facts`, what was done before, and the time."""
        times = company_clock(self.now, counts_days=False).as_json()
        return {**facts, **self.positions.reads(self.positions.path_of(task)), **times}

    def _clock(self) -> Clock | None:
        """What the rules know of time, where one of this version reads it."""
        known = definition_of(self.instance.workflow_id)
        return company_clock(self.now, counts_days=known.counts_days) if known.reads_clock else None

    def time_out(self, task: TaskInstance, *, after: str, facts: JsonObject) -> Move:
        """Leave a task that has not ended within `after`, where the definition says so.

        The caller holds the ticket's lock and has read the task, locked, after the instance.
        A task that has ended, is in ERROR or on hold is left alone. The branches of a block are
        cancelled.
        """
        self.positions.know(task)
        if self.instance.status != WorkflowStatus.IN_PROGRESS:
            return Move()
        if not self.positions.is_current(task) or not task.is_alive or task.waits_for_answer:
            return Move()
        path, move = self.positions.path_of(task), Move()
        process, key = definition_of(self.instance.workflow_id).process, task.definition.key
        context = self._context(facts, path)
        decision = decide_timeout(process, key, after, context, self._clock())
        if decision.next_tasks:
            decision = self._bounded(decision, task)
        if decision.error:
            self._fail_decision(decision, task, move)
            return move
        if not decision.is_end and not decision.next_tasks:
            return move
        self.begin_part(StepPart.MOVE)
        self._keep_of_branches(task)
        self._cancel_branches(task, Why.TIME, move)
        task.cancel(now=self.now)
        self._batch.update(task, "status", "completed_at")
        self._record(TIMED_OUT, task=task, data={"after": after})
        self._apply_decision(decision, task, facts, move)
        self._go_on_from_done(facts, move)
        return move

    def leave_failed_call(self, task: TaskInstance, *, failure: Failure, facts: JsonObject) -> Move:
        """Leave a call that has failed for good, where the definition has a way for that.

        The caller holds the ticket's lock and has read the task after the instance. Where no
        transition is taken nothing is changed: it keeps a ticket error, with the `error` of the
        move where a condition could not be decided. On hold no step is taken.
        """
        self.positions.know(task)
        if self.instance.status != WorkflowStatus.IN_PROGRESS or not task.is_alive:
            return Move()
        if not self.positions.is_current(task):
            return Move()
        path, move = self.positions.path_of(task), Move()
        process, key = definition_of(self.instance.workflow_id).process, task.definition.key
        context = self._context(facts, path)
        decision = decide_failure(process, key, failure, context, self._clock())
        decision = self._bounded(decision, task)
        if decision.error or decision.is_silent:
            return Move(failures=[FailedStep(decision.error, task)] if decision.error else [])
        self.begin_part(StepPart.MOVE)
        task.cancel(now=self.now)
        self._batch.update(task, "status", "completed_at")
        data: JsonObject = {"failure": failure.as_json(), "next_tasks": [*decision.next_tasks]}
        self._record(CALL_FAILED, task=task, data=data)
        self._apply_decision(decision, task, facts, move)
        self._go_on_from_done(facts, move)
        return move

    def has_failure_ways(self, task: TaskInstance) -> bool:
        """Whether the definition has a way out of this call for when it fails."""
        process = definition_of(self.instance.workflow_id).process
        return process.has_failure_ways(task.definition.key)

    @property
    def is_step_due(self) -> bool:
        """Whether `advance` has something to do.

        That is a start, what follows of a cancel, or something of `tasks_due`.
        """
        if self.instance.status == WorkflowStatus.NOT_STARTED or self.instance.is_to_clean_up:
            return True
        return bool(self.tasks_due)

    @property
    def tasks_due(self) -> list[TaskInstance]:
        """The tasks from which `advance` goes on.

        Those that are completed, blocks to enter, and steps of the engine's own to do again.
        """
        if self.instance.status != WorkflowStatus.IN_PROGRESS:
            return []
        return [each for each in self.positions.current_tasks() if self._is_due(each)]

    def _is_due(self, task: TaskInstance) -> bool:
        if self.instance.status != WorkflowStatus.IN_PROGRESS:
            return False
        is_done_here = _is_block(task) or task.definition.is_at_once
        is_entered = task.status == TaskStatus.PENDING and is_done_here
        if task.status != TaskStatus.COMPLETED and not is_entered:
            return False
        return self.positions.is_current(task)

    def _bounded(self, decision: Decision, task: TaskInstance | None) -> Decision:
        outwards = self.positions.outwards(self.positions.path_of(task))
        return bounded(decision, self.instance, task, self._visits, outwards=outwards)

    def _apply_decision(
        self,
        decision: Decision,
        ended_task: TaskInstance | None,
        facts: JsonObject,
        move: Move,
    ) -> None:
        if not decision.error:
            decision = self._bounded(decision, ended_task)
        if decision.error:
            self._fail_decision(decision, ended_task, move)
            return
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            self.begin_part(StepPart.INSTANCE)
            self.instance.start(now=self.now)
            workflow = self.instance.workflow
            started: JsonObject = {"workflow": str(workflow), "version": workflow.version}
            self._record(STARTED, data=started)
        path = self.positions.path_of(ended_task)
        move.moved = True
        if not decision.is_end:
            self._make_next_tasks(decision, ended_task, path, facts, move)
        elif path is None:
            self._end(decision, ended_task, move)
        else:
            self._end_path(decision, ended_task, path, facts, move)

    def _end(self, decision: Decision, ended_task: TaskInstance | None, move: Move) -> None:
        self.begin_part(StepPart.END)
        self._record(MOVED, task=ended_task, data=decision.as_json())
        if self.instance.cleans_up:
            data: JsonObject = {"label": decision.end_label}
            self._end_clean_up(data, move, end_label=decision.end_label)
            return
        end: JsonObject = {"label": decision.end_label, "outcome": decision.outcome.value}
        self.instance.complete(end_label=decision.end_label, outcome=decision.outcome, now=self.now)
        self._record(COMPLETED, data=end)
        self._save_instance("status", "end_label", "outcome", "completed_at", "started_at")
        move.ended = True

    def _make_next_tasks(
        self,
        decision: Decision,
        ended_task: TaskInstance | None,
        path: Path | None,
        facts: JsonObject,
        move: Move,
    ) -> None:
        self.begin_part(StepPart.TASK)
        tasks = [self._make_task(key, path) for key in decision.next_tasks]
        self.begin_part(StepPart.MOVE)
        moved = decision.as_json()
        # With these ids the history alone gives every task's life: workflows/running/history.py.
        moved["made"] = [{"task": task.pk, "key": task.definition.key} for task in tasks]
        if self.instance.cleans_up:
            moved["cleans_up"] = True
        self._record(MOVED, task=ended_task, data=moved)
        if path is None:
            self.instance.current_task = tasks[-1]
            self._batch.update(self.instance, "status", "current_task", "started_at", "updated_at")
        else:
            path.current_task = tasks[-1]
            self._batch.update(path, "current_task")
        self._go_into(tasks, ended=ended_task, facts=facts, move=move)

    def _go_into(
        self,
        tasks: Sequence[TaskInstance],
        *,
        ended: TaskInstance | None,
        facts: JsonObject,
        move: Move,
    ) -> None:
        """Enter those of new tasks that are blocks, do what is done at once, give out the forms."""
        made = [each for task in tasks for each in self._with_branches(task, facts, move)]
        self.begin_part(StepPart.ASSIGNMENT)
        forms = [each for each in made if each.definition.is_form]
        self._assign_all(forms, ended=NO_TASK if ended is None else ended.pk)
        if not self._done_here:  # else what follows is written with it
            self._save()
        move.new_tasks += made
        move.calls += [each for each in made if each.definition.is_call]

    def _with_branches(
        self, task: TaskInstance, facts: JsonObject, move: Move
    ) -> Iterator[TaskInstance]:
        """The task; of a block also the tasks with which its branches begin."""
        yield task
        if task.definition.is_at_once:
            self._do_at_once(task, facts, move)
            return
        if task.definition.is_wait:
            if task.waits_until is None or task.waits_until <= self.now:
                self._end_wait(task, at_once=True)
            return
        if not _is_block(task):
            return
        self.begin_part(StepPart.TASK)
        process = definition_of(self.instance.workflow_id).process
        context = self._context(facts, self.positions.path_of(task))
        approval = self._spec_of(task).approval
        if approval is None:
            entered = enter_block(process, task.definition.key, context, self._clock())
        else:
            self._batch.write()  # who may approve is asked of what is written
            approvers, error = find_approvers(task, approval, context)
            entered = Entered(error=error)
            if not error:
                entered = enter_approval(process, task.definition.key, approvers)
        if entered.error:
            self._fail_with(task, entered.error)
            move.failures.append(FailedStep(entered.error, task, is_of_task=True))
            return
        if self._visits.made + len(entered.runs) > settings.TICKET_MOST_TASKS:
            error = _(
                "“%(block)s” would begin more than %(most)d tasks at once. Shorten the lists that "
                "it and the blocks around it have a branch for each entry of, and try again."
            ) % {"block": task.definition.title, "most": settings.TICKET_MOST_TASKS}
            self._fail_with(task, error)
            move.failures.append(FailedStep(error, task, is_of_task=True))
            return
        task.start(now=self.now)
        self._batch.update(task, "status", "started_at")
        paths, first = self._make_paths(task, entered)
        self._record(BLOCK_BEGAN, task=task, data=self._said_of(task, entered, paths))
        if not paths:
            self._end_block(task)
        for each in first:
            yield from self._with_branches(each, facts, move)

    def _do_at_once(self, task: TaskInstance, facts: JsonObject, move: Move) -> None:
        """Do a step of the engine's own; from what came of it the ticket goes on."""
        definition = task.definition
        self._at_once += 1
        try:
            if self._at_once > MOST_AT_ONCE:
                text = _("More than %(most)d steps followed each other, with nobody in between.")
                raise AtOnceError(text % {"most": MOST_AT_ONCE})
            made = carry_out(
                definition.type,
                values=definition.values,
                table=definition.table,
                context=self._context(facts, self.positions.path_of(task)),
                clock=self._clock(),
            )
        except AtOnceError as error:
            self._fail_with(task, str(error))
            move.failures.append(FailedStep(str(error), task, is_of_task=True))
            return
        task.complete(output=made.output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {definition.key: made.output})
        self._done_now[definition.key] = done_by(None, self.now)
        self._record(DONE_AT_ONCE, task=task, data={"output": made.output, **made.note})
        self._done_here.append(task)

    def end_wait(self, task: TaskInstance, *, answer: JsonObject | None = None) -> bool:
        """End a wait whose time has come; the caller advances. Returns whether it did.

        Or one that a message with this `answer` ends before.

        One that has ended, is not where the ticket stands, or is on hold is left alone.
        """
        self.positions.know(task)
        is_waiting = task.status == TaskStatus.PENDING and self.positions.is_current(task)
        if not is_waiting or self.instance.status != WorkflowStatus.IN_PROGRESS:
            return False
        if not task.definition.is_wait:
            return False
        self._end_wait(task, at_once=False, answer=answer)
        self._save()
        return True

    def _end_wait(
        self, task: TaskInstance, *, at_once: bool, answer: JsonObject | None = None
    ) -> None:
        output = output_of(answer) if task.definition.answered_by else {}
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {task.definition.key: output})
        self._done_now[task.definition.key] = done_by(None, self.now)
        until = None if task.waits_until is None else task.waits_until.isoformat()
        data: JsonObject = {"until": until}
        if output:
            data["output"] = output
        if at_once:
            data["at_once"] = True
            self._done_here.append(task)
        self._record(WAIT_ENDED, task=task, data=data)

    def _make_paths(
        self, block: TaskInstance, entered: Entered
    ) -> tuple[list[Path], list[TaskInstance]]:
        """The runs of a block's branches, and the first tasks of those that begin at once."""
        begin = sum(run.begins for run in entered.runs)
        self._draw({Path: len(entered.runs), TaskInstance: begin})
        paths, first = [], []
        for run in entered.runs:
            path = new_row(
                Path,
                id=self._drawn[Path].pop(0),
                workflow_instance=self.instance,
                block_task=block,
                branch=run.key,
                number=run.number,
                item=run.item,
            )
            paths.append(path)
            self._batch.insert(path)
        self.positions.add(paths)
        for run, path in zip(entered.runs, paths, strict=True):
            if run.begins:
                first.append(self._begin_path(path, run.start))
        return paths, first

    def _begin_path(self, path: Path, start: str) -> TaskInstance:
        path.begin(now=self.now)
        path.current_task = self._make_task(start, path)
        return path.current_task

    def _said_of(self, block: TaskInstance, entered: Entered, paths: list[Path]) -> JsonObject:
        spec = self._spec_of(block)
        return {
            "paths": [
                {
                    **_named(path, spec),
                    **({"item": path.item} if spec.is_list else {}),
                    "made": _made(path),
                }
                for path in paths
            ],
            "left_out": list(entered.left_out),
            "is_list": spec.is_list,
            "of": len(paths),
        }

    def _spec_of(self, block: TaskInstance) -> BlockSpec:
        task = definition_of(self.instance.workflow_id).process.tasks.get(block.definition.key)
        return (task and task.block) or BlockSpec()

    def _end_path(
        self,
        decision: Decision,
        ended_task: TaskInstance | None,
        path: Path,
        facts: JsonObject,
        move: Move,
    ) -> None:
        """A branch ends; the block does, too, where that is enough."""
        self.begin_part(StepPart.END)
        self._record(MOVED, task=ended_task, data=decision.as_json())
        path.end(label=decision.end_label, outcome=decision.outcome, now=self.now)
        self._batch.update(path, "status", "end_label", "outcome", "ended_at")
        block, spec = path.block_task, self._spec_of(path.block_task)
        end: JsonObject = {"label": decision.end_label, "outcome": decision.outcome.value}
        self._record(BRANCH_ENDED, task=ended_task, data={**_named(path, spec), **end})
        runs = self.positions.of_block(block)
        if is_over(spec, [each.state() for each in runs]):
            why = Why.ENOUGH if spec.approval is None else Why.DECIDED
            self._cancel_branches(block, why, move)
            self._end_block(block)
            self._save()
            return
        waiting = next((each for each in runs if each.status == PathStatus.WAITING), None)
        branch = None if waiting is None else spec.branch(waiting.branch)
        if waiting is None or branch is None:
            self._save()
            return
        self.begin_part(StepPart.TASK)
        task = self._begin_path(waiting, branch.start)
        self._batch.update(waiting, "status", "began_at", "current_task")
        began: JsonObject = {**_named(waiting, spec), "made": [_made(waiting)]}
        self._record(BRANCH_BEGAN, task=block, data=began)
        self._go_into([task], ended=ended_task, facts=facts, move=move)

    def _end_block(self, block: TaskInstance) -> None:
        spec = self._spec_of(block)
        runs = self.positions.of_block(block)
        states = [each.state() for each in runs]
        is_approval = spec.approval is not None
        output = votes_of(spec, runs) if is_approval else block_output(spec, states)
        block.complete(output=output, now=self.now)
        self._batch.update(block, "status", "output_data", "started_at", "completed_at")
        brought = {**outputs_after(spec, states), block.definition.key: output}
        self._keep_output(block, brought)
        self._done_now[block.definition.key] = done_by(None, self.now)
        ended = sum(each.ended for each in states)
        self._record(
            BLOCK_ENDED,
            task=block,
            data={"ended": ended, "of": len(runs), **({"output": output} if is_approval else {})},
            brought=brought,
            last_tasks=[each.current_task for each in runs if each.current_task is not None],
        )
        self._done_here.append(block)

    def _keep_of_branches(self, block: TaskInstance) -> None:
        """Have what was done in the branches of a block read after it, though it is left."""
        if _is_block(block):
            states = [each.state() for each in self.positions.of_block(block)]
            if brought := outputs_after(self._spec_of(block), states):
                self._keep_output(block, brought)

    def _cancel_branches(self, block: TaskInstance, why: Why, move: Move) -> None:
        """Cancel what is left of a block's branches; nothing where the task is no block."""
        if not _is_block(block):
            return
        if self._batch.finds:  # whom a form is given to is found when it is written
            self._batch.write()
        for path in self.positions.within(block):
            if not path.is_open:
                continue
            task = path.current_task if path.status == PathStatus.RUNNING else None
            path.cancel(now=self.now)
            self._batch.update(path, "status", "ended_at")
            if task is not None and task.status in UNFINISHED:
                if task.status == TaskStatus.ERROR:
                    move.cancelled_in_error.append(task)
                task.cancel(now=self.now)
                self._batch.update(task, "status", "completed_at")
                move.cancelled.append(task)
                self._has_cancelled = True
            said = _named(path, self._spec_of(path.block_task))
            reason: JsonObject = {**said, "reason": why.value}
            self._record(BRANCH_CANCELLED, task=task or path.block_task, data=reason)

    def _keep_output(self, task: TaskInstance, outputs: JsonObject) -> None:
        """Have outputs read on the path of a task from now on."""
        path = self.positions.path_of(task)
        if path is not None:
            task.path = path  # which whoever reads the event asks for
        if path is None:
            self.instance.data = {**self.instance.data, **outputs}
            self._batch.update(self.instance, "data", "updated_at")
        else:
            path.data = {**path.data, **outputs}
            self._batch.update(path, "data")

    def _fail_decision(
        self, decision: Decision, ended_task: TaskInstance | None, move: Move
    ) -> None:
        self._fail(ended_task, data=decision.as_json())
        move.failures.append(FailedStep(decision.error, ended_task))

    def fail_transition(self, task: TaskInstance | None, *, reason: str) -> None:
        """Record that the step that is due cannot be taken; the caller keeps a ticket error.

        `task` is the one that was to be left, which is in ERROR then; None at the start.
        """
        self._fail(task, data={"error": reason})

    def _fail_with(self, task: TaskInstance, reason: str) -> None:
        task.fail()
        self._batch.update(task, "status")
        self._record(FAILED, task=task, data={"error": reason})

    def _fail(self, task: TaskInstance | None, *, data: JsonObject) -> None:
        if task is not None:
            task.fail()
            self._batch.update(task, "status")
        self._record(FAILED, task=task, data=data)
        self._save()

    def _draw(self, rows: Mapping[type[Model], int]) -> None:
        """Draw the ids of so many rows of each model, by one statement; none where none are."""
        models = [model for model, count in rows.items() for _number in range(count)]
        for model in rows:
            self._drawn.setdefault(model, [])
        if not models:
            return
        for model, pk in zip(models, next_ids(*models), strict=True):
            self._drawn[model].append(pk)

    def _tasks_at_a_time(self) -> int:
        """For how many tasks ids are drawn: several may follow each other in one step."""
        known = definition_of(self.instance.workflow_id)
        at_once = sum(each.is_at_once for each in known.tasks.values())
        return min(1 + at_once, MOST_DRAWN)

    def _make_task(self, key: str, path: Path | None = None) -> TaskInstance:
        definition = self.next_definition = definition_of(self.instance.workflow_id).tasks[key]
        task_id, self._next_task_id = self._next_task_id, None
        if task_id is None:
            if not self._drawn.get(TaskInstance):
                self._draw({TaskInstance: self._tasks_at_a_time()})
            task_id = self._drawn[TaskInstance].pop(0)
        task = new_row(
            TaskInstance, id=task_id, workflow_instance=self.instance, definition=definition
        )
        if path is not None:
            task.path = path
        if definition.due_in or definition.wait:
            if self._working_time is None:
                self._working_time = BusinessCalendar.objects.current().working_time()
            set_times(
                task, start=self.now, answers=self._answers(path), working_time=self._working_time
            )
        self._batch.insert(task)
        self.positions.know(task)
        self._visits.add(task)
        return task

    def _answers(self, path: Path | None) -> JsonObject:
        return {"ticket": self._ticket_data, **self.positions.reads(path)}

    def save_times(self, task: TaskInstance) -> None:
        """Let a task be due, or wait, until another time, as an answer says another date now."""
        self._batch.update(task, "due_at", "waits_until")
        self._save()

    def remind(self, task: TaskInstance, *, data: JsonObject, adds: int | None) -> None:
        """Note that people were reminded of a task that waits, or told that it does.

        `adds` is the number of the company role whose members may do it as well from now on.
        """
        if adds is not None:
            task.added_roles = sorted({*(task.added_roles or ()), adds})
            self._batch.update(task, "added_roles")
        self._record(REMINDED, task=task, data=data)
        self._save()

    def _assign_all(self, forms: Sequence[TaskInstance], *, ended: int) -> None:
        """Give new forms to people, of several those whose definitions have no rule at once."""
        by_rule = [each for each in forms if each.definition.assign_to]
        plain = [each for each in forms if not each.definition.assign_to]
        if plain and self._has_cancelled:  # who had those has less to do now
            self._batch.write()
            self._has_cancelled = False
        if len(plain) == 1:
            self._assign(plain[0], ended=ended)
        elif plain:
            self.next_definition = plain[0].definition
            if self._batch.finds:
                self._batch.write()
            given = assign_together(plain, now=self.now, ended=ended)
            for task, data in zip(plain, given, strict=True):
                self._batch.update(task, *ASSIGNMENT)
                if data is not None:
                    self._record(ASSIGNED, task=task, data=data)
        for task in by_rule:
            self.next_definition = task.definition
            self._assign_by_rule(task)

    def _assign(self, task: TaskInstance, *, ended: int) -> None:
        self.next_definition = task.definition
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
        self.positions.know(task)
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {task.definition.key: output})
        self._done_now[task.definition.key] = done_by(self.actor, self.now)
        self._record(TASK_COMPLETED, task=task, data={"output": output})
        self._save_instance()

    # What a task changes of earlier answers, before it is completed

    def record_ticket_change(self, *, old: JsonObject, new: JsonObject, step: TaskInstance) -> None:
        """Write into the history what `step` has changed of what was submitted.

        The caller changes the ticket itself: `update_with_next_write`.
        """
        change: JsonObject = {"what": "ticket", "old": old, "new": new, **_changed_in(step)}
        self._record(CHANGED, data=change)
        self._save_instance()

    def change_output(self, task: TaskInstance, *, output: JsonObject, step: TaskInstance) -> None:
        """Put another output in the place of an earlier task's: `step` has changed it.

        Nothing is done where it is not read any more.
        """
        if (kept := self._where_kept(task)) is not None:
            self._put_output(task, kept, output, _changed_in(step))

    def _put_output(
        self,
        task: TaskInstance,
        kept: tuple[str, Path | None],
        output: JsonObject,
        why: JsonObject,
    ) -> None:
        """Write another output of a task where it is kept, with why."""
        key, path = kept
        change: JsonObject = {"what": "output", "old": task.output_data, "new": output, **why}
        task.output_data = output
        self._batch.update(task, "output_data")
        if path is None:
            self.instance.data = {**self.instance.data, key: output}
            self._batch.update(self.instance, "data")
        else:
            path.data = {**path.data, key: output}
            self._batch.update(path, "data")
            change["path"] = path.pk
        if key != task.definition.key:
            change["key"] = key
        if task.path_id is not None and path is None:  # its block has ended
            change["handed_over"] = True
        self._record(CHANGED, task=task, data=change)
        self._save_instance()

    def _where_kept(self, task: TaskInstance) -> tuple[str, Path | None] | None:
        """Under which key its output is read now, and on which path; None where it is not."""
        path = self.positions.path_of(task)
        if task.path_id is not None and path is None:
            block = task.path.block_task if task.path is not None else None
            spec = None if block is None else block.definition.block
            if block is None or spec is None or spec.is_list:
                return None  # what a list has brought stands in the output of the block
            return self._where_handed_over(task, block)
        key = key_of_output(task, self.instance, path=path)
        return None if key is None else (key, path)

    def _where_handed_over(
        self, task: TaskInstance, block: TaskInstance
    ) -> tuple[str, Path | None] | None:
        """The same of a task in a branch of a block that has ended."""
        path = self.positions.path_of(block)
        if block.path_id is not None and path is None:
            outer = block.path.block_task if block.path is not None else None
            spec = None if outer is None else outer.definition.block
            if outer is None or spec is None or spec.is_list:
                return None
            return self._where_handed_over(task, outer)
        key = key_of_output(task, self.instance, path=path)
        return None if key is None else (key, path)

    def record_priority(self, *, old: Priority, new: Priority, reason: str = "") -> None:
        """Write into the history that the ticket's priority was changed."""
        change: JsonObject = {"old": old.value, "new": new.value}
        if reason:
            change["reason"] = reason
        self._record(PRIORITY_CHANGED, data=change)
        self._save_instance()

    def fail_task(self, task: TaskInstance, *, reason: str) -> None:
        """Put a task that could not be done into ERROR; the caller keeps a ticket error.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        self.positions.know(task)
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
        self,
        kind: EventKind,
        *,
        task: TaskInstance | None = None,
        data: JsonObject | None = None,
        brought: JsonObject | None = None,
        last_tasks: Sequence[TaskInstance] = (),
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
            brought=brought or {},
            last_tasks=last_tasks,
        )
        WITH_EVENT.call_all(self._batch, happened)

    def _save(self) -> None:
        if not self._is_batching:
            self._batch.write()

    def _save_instance(self, *fields: str) -> None:
        self._batch.update(self.instance, *fields, "updated_at")
        self._save()


def _is_block(task: TaskInstance) -> bool:
    return task.definition.is_block


def _named(path: Path, spec: BlockSpec) -> JsonObject:
    """How events name a run of a branch."""
    branch = spec.branch(path.branch)
    title = (branch.title if branch else "") or path.branch
    return {
        "path": path.pk,
        "branch": path.branch,
        "number": path.number,
        "title": f"{title} {path.number}" if spec.is_list else title,
    }


def _made(path: Path) -> JsonObject | None:
    task = path.current_task
    return None if task is None else {"task": task.pk, "key": task.definition.key}


def _changed_in(step: TaskInstance) -> JsonObject:
    """Which task has changed something: what it is called then is what people are told."""
    return {"in": step.definition.title, "in_task": step.pk}
