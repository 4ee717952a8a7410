"""The rows of one instance: their lock, and the one statement in which they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Self

from django.db import connection
from django.db.models import Model

from tenants.fast.rows import new_row
from tenants.models import User
from workflows.engine.process import Json, JsonObject
from workflows.engine.times.calendar import WorkingTime
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.running.events.kind import EventKind
from workflows.running.looking_back.visits import Visits
from workflows.running.positions import Positions
from workflows.running.sealing import batch_of_history
from workflows.running.step_part import StepPart
from workflows.running.with_event import WITH_EVENT, Happened


class InstanceWriter:
    """Locks one workflow instance, and writes what is done with it, with its events."""

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
            started_by_id=self.instance.started_by_id,
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
