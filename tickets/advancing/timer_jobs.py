"""The jobs of timers, reminders and waits: made, cancelled, and deleted with the end of a task."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tenants.fair_turns import Queue
from tenants.fast.batch import Batch
from tenants.jobs import Deferred, cancel_job, defer_all
from tickets.job_names import END_OFFER, END_WAIT, FIRE_TIMER, REMIND
from tickets.models import Ticket
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.events.kind import cancels_all
from workflows.running.with_event import WITH_EVENT, Happened

# By the index of the jobs of a company.
_DELETE: Final = f"""
DELETE FROM public.procrastinate_jobs
 WHERE queue_name = '{Queue.STEPS}' AND coalesce(args->>'schema', '') = %s::text
   AND status = 'todo' AND task_name IN ('{FIRE_TIMER}', '{REMIND}', '{END_WAIT}', '{END_OFFER}')
"""  # noqa: S608  # nosec B608


@WITH_EVENT.register
def delete_with_event(batch: Batch, happened: Happened) -> None:
    """Have the jobs of a task that ends deleted in the statement that ends it, if it has any."""
    task, rules = happened.task, happened.kind.rules
    if rules.effect is cancels_all and isinstance(batch.about, Ticket):
        of_ticket = f"{_DELETE} AND args->>'ticket_id' = %s::text"
        batch.add_statement(of_ticket, current_schema(), str(batch.about.pk))
    elif task is not None and rules.ends_task and _has_times(task, happened):
        of_task = f"{_DELETE} AND args->>'task_id' = %s::text"
        batch.add_statement(of_task, current_schema(), str(task.pk))


def _has_times(task: TaskInstance, happened: Happened) -> bool:
    definition = task.definition
    if definition.listed_reminders or definition.wait or definition.assistance:
        return True
    if happened.workflow_id is None:
        return False
    return bool(definition_of(happened.workflow_id).process.timeouts(definition.key))


def defer_timer(
    *, ticket_id: int, task_id: int, after: str, since: datetime, due: datetime, now: datetime
) -> None:
    """Put a timer into the queue, for a time that began at `since`."""
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    defer_all([timer_job(**ids, after=after, since=since, due=due, now=now)])


def defer_reminder(
    *, ticket_id: int, task_id: int, reminder: str, since: datetime, due: datetime, now: datetime
) -> None:
    """Put a reminder into the queue, by its name, for a time that began at `since`."""
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    defer_all([reminder_job(**ids, reminder=reminder, since=since, due=due, now=now)])


def defer_end_of_wait(*, ticket_id: int, task_id: int, until: datetime, now: datetime) -> None:
    """Put the end of a wait into the queue."""
    defer_all([end_of_wait_job(ticket_id=ticket_id, task_id=task_id, until=until, now=now)])


def timer_job(
    *, ticket_id: int, task_id: int, after: str, since: datetime, due: datetime, now: datetime
) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    times = {"since": since.isoformat(), "due": due.isoformat()}
    return Deferred(FIRE_TIMER, {**ids, "after": after, **times}, _seconds(now, due))


def reminder_job(
    *, ticket_id: int, task_id: int, reminder: str, since: datetime, due: datetime, now: datetime
) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    times = {"since": since.isoformat(), "due": due.isoformat()}
    return Deferred(REMIND, {**ids, "reminder": reminder, **times}, _seconds(now, due))


def end_of_wait_job(*, ticket_id: int, task_id: int, until: datetime, now: datetime) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    return Deferred(END_WAIT, {**ids, "until": until.isoformat()}, _seconds(now, until))


def end_of_offer_job(*, ticket_id: int, task_id: int, until: datetime, now: datetime) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    return Deferred(END_OFFER, {**ids, "until": until.isoformat()}, _seconds(now, until))


def _seconds(now: datetime, until: datetime) -> float:
    return max((until - now).total_seconds(), 0)


def cancel_timers(task: TaskInstance, *, names: Collection[str] | None = None) -> None:
    """Cancel the timers and reminders of a task that have not fired, and the end of its wait.

    `names`: only those of these times and reminders, and the end of the wait.

    One that is firing stays, and comes again where its worker has died: it finds out from the
    history that it does not count any more.
    """
    jobs = ProcrastinateJob.objects.filter(
        task_name__in=(FIRE_TIMER, REMIND, END_WAIT),
        status="todo",
        args__contains={"schema": current_schema(), "task_id": task.pk},
    )
    for job_id, args in jobs.values_list("pk", "args"):
        name = args.get("after") or args.get("reminder")
        if names is None or name is None or name in names:
            cancel_job(job_id)
