"""Who is given a task: the available worker with the fewest unfinished tasks.

Where its definition has a rule of its own, whoever that is for: see `choose_by_rule`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, Func, IntegerField, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from tenants.fast.batch import Batch, Sql
from tenants.fast.prepared import PreparedQuery, send
from tenants.models import User
from tenants.models.user import UserQuerySet
from workflows.engine.process import JsonObject
from workflows.engine.steps.assigning import Mode
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import ASSIGNMENT
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.people.candidates import candidates_of
from workflows.running.people.workers import available_workers
from workflows.running.record_event import record_event
from workflows.running.sealing import batch_of_history
from workflows.running.with_event import WITH_EVENT, Happened

NO_TASK = 0
NO_UNFINISHED = 0
ASSIGNMENT_LOCK = "pg_advisory_xact_lock(hashtextextended('assignment:' || current_schema(), 0))"


def lock_assignment() -> None:
    """Let one transaction of this company at a time choose a worker, until it ends.

    Without it two tasks made at the same moment both count the load as it was before.
    Take it after the instance's row lock, never before: so no two can wait for each other.
    A step takes it as late as it can, together with the choice, its writing and the commit:
    see `assign_with_next_write`.
    """
    send(f"SELECT {ASSIGNMENT_LOCK}")


def choose_worker(
    role: CompanyRole | int | None, *, passed_over_id: int | None = None, ended: int = NO_TASK
) -> User | None:
    """The one to be given the next task, or None where nobody is available.

    Fewest unfinished tasks first; of equals, whoever was given work longest ago. `passed_over_id`
    is the id of somebody who is passed over; `ended` that of a task which is written as ended
    only together with the new one, and does not count any more. Call `lock_assignment` first.
    """
    role_id = role.pk if isinstance(role, CompanyRole) else role
    if passed_over_id is not None:
        return _least_loaded_first(role_id, passed_over_id=passed_over_id, ended=ended).first()
    return _next_worker.first(ended) if role_id is None else _next_of_role.first(role_id, ended)


def _least_loaded_first(
    role_id: int | None, *, passed_over_id: int | None = None, ended: int = NO_TASK
) -> UserQuerySet:
    unfinished = (
        TaskInstance.objects.unfinished()
        .filter(assigned_to=OuterRef("pk"))
        .exclude(pk=ended)
        .order_by()
        .values("assigned_to")
        .annotate(count=Count("pk"))
        .values("count")
    )
    last_given = (
        TaskInstance.objects.filter(assigned_to=OuterRef("pk"), assigned_at__isnull=False)
        .order_by("-assigned_at")
        .values("assigned_at")[:1]
    )
    workers: UserQuerySet = (
        available_workers(role_id, passed_over_id=passed_over_id)
        .only("email", "first_name", "last_name")
        .alias(load=Coalesce(Subquery(unfinished), NO_UNFINISHED), last_given=Subquery(last_given))
        .order_by("load", F("last_given").asc(nulls_first=True), "pk")
    )
    return workers


_next_worker = PreparedQuery(
    lambda ended: _least_loaded_first(None, ended=ended)[:1], constants=(NO_UNFINISHED,)
)
_next_of_role = PreparedQuery(
    lambda role_id, ended: _least_loaded_first(role_id, ended=ended)[:1],
    slots=2,
    constants=(NO_UNFINISHED,),
)


# Read what a batch has found: whom it gives the task.
_WORKER = Sql("(SELECT id FROM found)")
_STATUS = Sql(
    "CASE WHEN EXISTS (SELECT FROM found) THEN %s ELSE %s END",
    (TaskStatus.OPEN.value, TaskStatus.PENDING.value),
)
# What the event says of them, as `assignee_data` does: User.__str__ in SQL.
_DATA = Sql(
    "(SELECT jsonb_build_object('to', coalesce("
    "nullif(btrim(concat(first_name, ' ', last_name)), ''), email), 'to_id', id) FROM found)"
)


def assign_with_next_write(
    task: TaskInstance, batch: Batch, *, now: datetime, ended: int = NO_TASK
) -> None:
    """Give a new FORM task, which the batch writes, to the worker whose turn it is then, if any.

    The lock, the choice and everything that the batch writes go to the server together, so that
    the lock is held for that moment alone: from before the choice, which sees what was committed
    by whoever had the lock before, to the commit. The object is changed after the writing. `ended`
    is as for `choose_worker`.
    """
    role_id, lock = task.definition.candidate_role_id, f"SELECT {ASSIGNMENT_LOCK}"

    def give(worker: User | None) -> None:
        if worker is not None:
            task.assign(to=worker, now=now)

    if role_id is None:
        batch.find(_next_worker, ended, after=lock, then=give)
    else:
        batch.find(_next_of_role, role_id, ended, after=lock, then=give)
    when = Sql("CASE WHEN EXISTS (SELECT FROM found) THEN %s::timestamptz END", (now,))
    found = {"status": _STATUS, "assigned_to_id": _WORKER, "assigned_at": when}
    batch.set_as_found(task, found)
    batch.insert_if_found(
        WorkflowEvent,
        workflow_instance_id=task.workflow_instance_id,
        task_instance_id=task.pk,
        kind=str(ASSIGNED),
        at=now,
        data=_DATA,
    )
    happened = Happened(
        kind=ASSIGNED, instance_id=task.workflow_instance_id, task=task, gives_to_found=True
    )
    WITH_EVENT.call_all(batch, happened)


def assign_together(
    tasks: Sequence[TaskInstance], *, now: datetime, ended: int = NO_TASK
) -> list[JsonObject | None]:
    """Give several new FORM tasks, without rules of their own, to workers: one after the other.

    As `choose_worker` says, those before counted; by two statements, however many they are. Changes
    the objects; the caller writes them, in this transaction. `ended` is as for `choose_worker`.
    Returns what the event says of each; None: nobody is available for it.
    """
    lock_assignment()
    roles = {task.definition.candidate_role_id for task in tasks}
    workers = _least_loaded_first(None, ended=ended).annotate(
        given=F("load"),
        roles=ArraySubquery(
            CompanyRole.members.through.objects.filter(
                user=OuterRef("pk"), companyrole__in=roles - {None}
            )
            .order_by()
            .values("companyrole")
        ),
    )
    if None not in roles:
        members = CompanyRole.members.through.objects.filter(companyrole__in=roles)
        workers = workers.filter(pk__in=members.values("user"))
    line = [_InLine.of(each) for each in workers]
    found: list[JsonObject | None] = []
    for task in tasks:
        role = task.definition.candidate_role_id
        fitting = [each for each in line if role is None or role in each.roles]
        if not fitting:
            found.append(None)
            continue
        chosen = min(fitting, key=lambda each: each.load)  # of equals the first in the line
        chosen.load += 1
        line.remove(chosen)
        line.append(chosen)  # they were given work last
        task.assign(to=chosen.worker, now=now)
        found.append(assignee_data(chosen.worker))
    return found


@dataclass(slots=True)
class _InLine:
    """A worker, how many unfinished tasks they have, and in which company roles they are."""

    worker: User
    load: int
    roles: set[int]

    @classmethod
    def of(cls, worker: Any) -> Self:
        """Of a row of the query in `assign_together`."""
        return cls(worker, worker.given, set(worker.roles or ()))


def assignee_data(user: User) -> JsonObject:
    """What an event says of whoever was given a task."""
    return {"to": str(user), "to_id": user.pk}


def assign_if_possible(task: TaskInstance, *, now: datetime) -> JsonObject | None:
    """Give a waiting FORM task to whoever is to have it; None where nobody is to have it now.

    Whoever gave it back is passed over: they may claim it, or another worker is given it.
    Changes the object; the caller saves it (and is inside a transaction). Returns what the event
    says of it.
    """
    lock_assignment()
    return _assign(task, now=now)


def _assign(task: TaskInstance, *, now: datetime) -> JsonObject | None:
    """`assign_if_possible`, by whoever holds the lock already."""
    if task.definition.assign_to:
        return _assign_by_rule(task, now=now)
    role_id = task.definition.candidate_role_id
    worker = choose_worker(role_id, passed_over_id=task.released_by_id)
    if worker is None:
        return None
    task.assign(to=worker, now=now)
    return assignee_data(worker)


def assign_by_rule(task: TaskInstance, *, now: datetime) -> JsonObject | None:
    """As `assign_if_possible`, for a task whose definition has a rule of its own.

    What the rule reads, such as the ticket and who did an earlier task, is written before.
    """
    lock_assignment()
    return _assign_by_rule(task, now=now)


def _assign_by_rule(task: TaskInstance, *, now: datetime) -> JsonObject | None:
    given = choose_by_rule(task)
    if given is None:
        return None
    person, reason = given
    task.assign(to=person, now=now)
    return {**assignee_data(person), **reason}


def choose_by_rule(task: TaskInstance) -> tuple[User, JsonObject] | None:
    """Who is to be given it, and what the event says of how they were found.

    The one person whom it is for; else who stands in for them; else one of the group.
    """
    if _is_only_claimed(task.definition) or task.contact_id is not None:
        return None
    candidates = candidates_of(task)
    named, reason = candidates.named_worker, candidates.reason or {}
    if named is not None and named.pk != task.released_by_id:
        if named.is_available:
            return named, reason
        deputy = candidates.stands_in
        if deputy is not None and deputy.pk != task.released_by_id:
            return deputy, {**reason, "for": str(named), "for_id": named.pk}
    rule = candidates.rule
    if not rule.has_group or rule.mode is Mode.NOBODY:
        return None
    workers = _least_loaded_first(candidates.role_id, passed_over_id=task.released_by_id)
    workers = workers.exclude(pk__in=candidates.excluded)
    if rule.mode is Mode.IN_TURN:
        workers = _in_turn(workers, task.definition)
        reason = {**reason, "in_turn": True}
    worker = workers.first()
    if worker is None:
        return None
    return worker, reason if rule.is_for_group else {**reason, "fallback": True}


def _is_only_claimed(definition: TaskDefinition) -> bool:
    rule = definition.rule
    return rule.is_for_group and rule.mode is Mode.NOBODY


def _in_turn(workers: UserQuerySet, definition: TaskDefinition) -> UserQuerySet:
    """First whoever was given this task, of whatever version, longest ago, or never."""
    # One array for all of them: asked for each worker it would read the whole history of those who
    # were never given it.
    given = (
        TaskInstance.objects.filter(
            definition__in=TaskDefinition.objects.filter(
                key=definition.key, workflow__key=definition.workflow.key
            ),
            assigned_to__isnull=False,
            assigned_at__isnull=False,
        )
        .order_by()
        .values("assigned_to")
        .annotate(newest=Max("assigned_at"))
        .order_by("newest", "assigned_to")
        .values("assigned_to")
    )
    turn = Func(
        ArraySubquery(given), F("pk"), function="array_position", output_field=IntegerField()
    )
    ordered: UserQuerySet = workers.alias(turn=turn).order_by(
        F("turn").asc(nulls_first=True), "last_given", "pk"
    )
    return ordered


def assign_waiting_tasks(*, now: datetime) -> int:
    """Give out what waits for a worker, oldest first; returns how many tasks found one.

    Call it inside a transaction, after somebody became available or joined a role, with the
    waiting tasks' instances locked: their histories are written (see `lock_forms` in
    `workflows/people/releasing.py`).
    """
    # Before it reads: a task for which nobody was available, and which is not committed yet,
    # would not be seen here, and would wait although somebody is available now.
    lock_assignment()
    waiting = (
        TaskInstance.objects.waiting_for_worker()
        .exclude(workflow_instance__status__in=(WorkflowStatus.ON_HOLD, WorkflowStatus.CANCELLED))
        .select_related("definition__candidate_role", "definition__workflow")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
    )
    given = 0
    for task in waiting:
        data = _assign(task, now=now)
        if data is None:
            continue
        batch = batch_of_history(now=now)
        batch.update(task, *ASSIGNMENT)
        instance_id = task.workflow_instance_id
        record_event(batch, ASSIGNED, instance_id=instance_id, at=now, task=task, data=data)
        batch.write()
        given += 1
    return given
