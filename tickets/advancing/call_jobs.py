"""The jobs that make the call of an action task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tenants.jobs import cancel_job
from tickets.advancing.defer_call import defer_call
from tickets.job_names import EXPIRE_CALL, RUN_ACTION
from workflows.models import ActionAttempt, TaskInstance, TaskStatus


def cancel_calls(task: TaskInstance) -> None:
    """Cancel the calls of a task that have not begun; the end of a wait for an answer stays."""
    for job_id in _jobs(task, "todo", names=(RUN_ACTION,)):
        cancel_job(job_id)


def cancel_jobs_of_task(task: TaskInstance, *, now: datetime | None = None) -> None:
    """Cancel every job of a task that has ended. A call under way comes back to nothing.

    No job is left that would close the attempt that waits for an answer, or one whose worker
    has died and whose job was about to run again: they are closed here.
    """
    jobs = _jobs(task, "todo", names=(RUN_ACTION, EXPIRE_CALL))
    for job_id in jobs:
        cancel_job(job_id)
    attempt = ActionAttempt.objects.latest_of(task.pk)
    if attempt is None or attempt.is_over:
        return
    if attempt.is_waiting or attempt.job_id in jobs:
        attempt.abandon(now=now or timezone.now())
        attempt.save(update_fields=["outcome", "error", "finished_at"])


def defer_call_if_due(task: TaskInstance, *, ticket_id: int) -> bool:
    """Defer the call of a task that has none, unless its answer is on the way.

    Returns whether it did. The caller has locked the instance.
    """
    if not task.definition.is_call or task.status not in (
        TaskStatus.PENDING,
        TaskStatus.IN_PROGRESS,
    ):
        return False
    attempt = ActionAttempt.objects.latest_of(task.pk)
    if attempt is not None and attempt.is_waiting:
        return False
    if _jobs(task, "todo", names=(RUN_ACTION,)):
        return False
    # Whether one that runs has called, or found the ticket on hold and ends without: the job
    # asks itself when it begins, so that the two never both call.
    defer_call(ticket_id=ticket_id, task_id=task.pk)
    return True


def _jobs(task: TaskInstance, status: str, *, names: Sequence[str]) -> list[int]:
    jobs = ProcrastinateJob.objects.filter(
        task_name__in=names,
        status=status,
        args__contains={"schema": current_schema(), "task_id": task.pk},
    )
    return list(jobs.values_list("pk", flat=True))
