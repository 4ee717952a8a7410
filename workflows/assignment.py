"""Who is given a task: the available worker with the fewest unfinished tasks."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from tenants.connection import current_schema
from tenants.models import User
from tenants.models.user import UserQuerySet
from tenants.roles import SystemRole
from workflows.models import CompanyRole, EventKind, TaskInstance, WorkflowEvent, WorkflowStatus
from workflows.models.task_instance import ASSIGNMENT


def eligible_workers(role: CompanyRole | None) -> UserQuerySet:
    """Who may be given a task of this company role (None: of any), available or not."""
    workers: UserQuerySet = User.objects.active().with_role(SystemRole.TASK_WORKER)
    workers = workers.filter(company__schema_name=current_schema())
    return workers.filter(company_roles=role) if role is not None else workers


def available_workers(role: CompanyRole | None, *, but: int | None = None) -> UserQuerySet:
    """Those of them who are available; `but` is the id of somebody who is passed over."""
    workers: UserQuerySet = eligible_workers(role).filter(is_available=True)
    return workers if but is None else workers.exclude(pk=but)


def lock_assignment() -> None:
    """Let one transaction of this company at a time choose a worker, until it ends.

    Without it two tasks made at the same moment both count the load as it was before.
    Take it after the instance's row lock, never before: so no two can wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"assignment:{current_schema()}"],
        )


def pick_worker(role: CompanyRole | None, *, but: int | None = None) -> User | None:
    """The one to be given the next task, or None where nobody is available.

    Fewest unfinished tasks first; of equals, whoever was given work longest ago. `but` is the
    id of somebody who is passed over. Call `lock_assignment` first.
    """
    unfinished = (
        TaskInstance.objects.unfinished()
        .filter(assigned_to=OuterRef("pk"))
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
    return (
        available_workers(role, but=but)
        .annotate(load=Coalesce(Subquery(unfinished), 0), last_given=Subquery(last_given))
        .order_by("load", F("last_given").asc(nulls_first=True), "pk")
        .first()
    )


def assign_if_possible(task: TaskInstance, *, now: datetime, actor: User | None = None) -> bool:
    """Give a waiting FORM task to the worker whose turn it is; False where nobody is available.

    Whoever gave it back is passed over: they may claim it, or another worker is given it.
    Changes the object; the caller saves it (and is inside a transaction).
    """
    lock_assignment()
    worker = pick_worker(task.definition.candidate_role, but=task.released_by_id)
    if worker is None:
        return False
    task.assign(to=worker, now=now)
    return True


def hand_out_waiting_tasks(*, now: datetime) -> int:
    """Give out what waits for a worker, oldest first; returns how many tasks found one.

    Call it inside a transaction, after somebody became available or joined a role.
    """
    # Before it reads: a task for which nobody was available, and which is not committed yet,
    # would not be seen here, and would wait although somebody is available now.
    lock_assignment()
    waiting = (
        TaskInstance.objects.unassigned()
        .exclude(workflow_instance__status__in=(WorkflowStatus.ON_HOLD, WorkflowStatus.CANCELLED))
        .select_related("definition__candidate_role")
        .select_for_update(of=("self",), skip_locked=True)
    )
    given = 0
    for task in waiting:
        if not assign_if_possible(task, now=now):
            continue
        task.save(update_fields=ASSIGNMENT)
        WorkflowEvent.objects.create(
            workflow_instance_id=task.workflow_instance_id,
            task_instance=task,
            kind=EventKind.ASSIGNED,
            at=now,
            data={"to": str(task.assigned_to), "to_id": task.assigned_to_id},
        )
        given += 1
    return given
