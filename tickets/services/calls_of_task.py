"""The jobs that make the call of an action task."""

from __future__ import annotations

from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tenants.jobs import take_away
from tickets.services.safety_net import RUN_ACTION, defer_call
from workflows.models import ActionAttempt, TaskInstance, TaskStatus


def take_away_calls(task: TaskInstance) -> None:
    """Remove the calls of a task that have not begun. One under way comes back to nothing."""
    for job_id in _jobs(task, "todo"):
        take_away(job_id)


def defer_call_if_due(task: TaskInstance, *, ticket_id: int) -> bool:
    """Defer the call of a task that has none, unless its answer is on the way.

    Returns whether it did. The caller has locked the instance.
    """
    if task.definition.is_form or task.status not in (TaskStatus.PENDING, TaskStatus.IN_PROGRESS):
        return False
    attempt = ActionAttempt.objects.latest_of(task.pk)
    if attempt is not None and attempt.is_waiting:
        return False
    # A running job has begun the call of a task that is IN_PROGRESS. That of a PENDING one
    # may have found the ticket on hold, and be about to end without a call.
    under_way = ("todo", "doing") if task.status == TaskStatus.IN_PROGRESS else ("todo",)
    if _jobs(task, *under_way):
        return False
    defer_call(ticket_id=ticket_id, task_id=task.pk)
    return True


def _jobs(task: TaskInstance, *statuses: str) -> list[int]:
    jobs = ProcrastinateJob.objects.filter(
        task_name=RUN_ACTION,
        status__in=statuses,
        args__contains={"schema": current_schema(), "task_id": task.pk},
    )
    return list(jobs.values_list("pk", flat=True))
