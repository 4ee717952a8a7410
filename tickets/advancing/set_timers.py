"""When a task is left that has not ended in time, and people are reminded of it: a job for each.

A job stands in the queue, in Postgres, from the transaction on that makes the task: it fires
after an outage too. It is deleted with the statement that ends the task; one that is under way then
finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tenants.jobs import Deferred, defer_all
from tickets.advancing.task_times import TaskTimes, counted_from_dates, reads_dates
from tickets.advancing.timer_jobs import (
    cancel_timers,
    defer_end_of_wait,
    end_of_wait_job,
    reminder_job,
    timer_job,
)
from tickets.models import Ticket
from workflows.engine.process import JsonObject
from workflows.engine.steps.reminders import Reminder, Tell
from workflows.engine.times.calendar import WorkingTime
from workflows.models import TaskInstance, WorkflowEvent, WorkflowStatus
from workflows.models.task_instance import UNFINISHED
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_people.reminded import REMINDED
from workflows.running.questions import QUESTION_ENDED
from workflows.running.state_manager import WorkflowStateManager


def set_timers(
    *, ticket_id: int, task: TaskInstance, now: datetime, data: JsonObject | None = None
) -> None:
    """Have a task left that does not end in time, and people reminded of it, counted from now.

    In its transaction. `data` are the answers of the ticket of a task that was just made; without
    them its time begins anew, and who was reminded is not reminded again.
    """
    set_timers_of([task], ticket_id=ticket_id, now=now, data=data)


def set_timers_of(
    tasks: Iterable[TaskInstance], *, ticket_id: int, now: datetime, data: JsonObject | None = None
) -> None:
    """As `set_timers` of each of these tasks: by as many statements, however many were made."""
    jobs: list[Deferred] = []
    calendar: WorkingTime | None = None
    for task in tasks:
        if not task.is_alive:  # done in the same step
            continue
        if (until := task.waits_until) is not None:
            jobs.append(end_of_wait_job(ticket_id=ticket_id, task_id=task.pk, until=until, now=now))
        process = definition_of(task.workflow_instance.workflow_id).process
        timeouts = process.timeouts(task.definition.key)
        reminders = task.definition.listed_reminders
        if not timeouts and not reminders:
            continue
        times = TaskTimes(ticket_id=ticket_id, task=task, start=now, data=data, calendar=calendar)
        calendar = times.working_time
        jobs += _jobs_of(times, timeouts, reminders, now=now)
    defer_all(jobs)


def _jobs_of(
    times: TaskTimes, timeouts: Iterable[str], reminders: Sequence[Reminder], *, now: datetime
) -> Iterator[Deferred]:
    """The jobs of these. A reminder that was to come before its task was made is none."""
    ids = {"ticket_id": times.ticket_id, "task_id": times.task.pk}
    for after in timeouts:
        due = times.left_at(after)
        if due is not None:
            yield timer_job(**ids, after=after, since=now, due=due, now=now)
    if not reminders:
        return
    is_new = times.data is not None
    made = now if is_new else times.task.created_at
    sent = SentReminders() if is_new else reminders_sent(times.task)
    for reminder in reminders:
        due = times.reminded_at(reminder)
        if due is not None and due > made and not sent.has(reminder, due, now=now):
            yield reminder_job(**ids, reminder=reminder.name, since=now, due=due, now=now)


@dataclass(frozen=True, slots=True)
class SentReminders:
    """Those reminders of a task that have come: {its name: when it was due, as the history has it}.

    `by_date` are the names of those that are counted from the date of an answer.
    """

    dues: Mapping[str, set[str]] = field(default_factory=dict)
    by_date: frozenset[str] = frozenset()

    def has(self, reminder: Reminder, due: datetime, *, now: datetime | None = None) -> bool:
        """Whether one has come, so that it does not come again.

        One that is counted from a date comes again for another one, but not for one that is over
        (`now`).
        """
        found = self.dues.get(reminder.name)
        if found is None or reminder.name not in self.by_date:
            return found is not None
        return due.isoformat() in found or (now is not None and due <= now)


def reminders_sent(task: TaskInstance) -> SentReminders:
    events = WorkflowEvent.objects.filter(task_instance=task, kind=REMINDED)
    dues: dict[str, set[str]] = {}
    said = events.values_list("data__reminder", "data__due", "data__tell", "data__person_id")
    for name, due, told, person in said:
        if told == Tell.PERSON and person is not None:  # who may have another number by now
            name = f"{str(name).rpartition(' ')[0]} {person}"
        dues.setdefault(str(name), set()).add(str(due))
    by_date = counted_from_dates(task)[1] if dues else []
    return SentReminders(dues, frozenset(each.name for each in by_date))


def restart_timers(*, ticket_id: int, task: TaskInstance, now: datetime) -> None:
    """Begin the time of a task anew, after it was tried again, resumed, or moved elsewhere."""
    cancel_timers(task)
    if task.waits_for_answer:
        return  # its time begins with the answer
    if task.is_alive and task.workflow_instance.status == WorkflowStatus.IN_PROGRESS:
        set_timers(ticket_id=ticket_id, task=task, now=now)


def follow_dates(ticket_id: int, manager: WorkflowStateManager) -> None:
    """After answers were changed: what is counted from a date of theirs is counted anew.

    The caller has locked the ticket and saved the answers. The other times go on.
    """
    if not any(map(reads_dates, manager.positions.current_tasks())):
        return
    is_running = manager.instance.status == WorkflowStatus.IN_PROGRESS
    for task in manager.read_current_tasks():
        if not reads_dates(task) or task.status not in UNFINISHED or task.waits_for_answer:
            continue
        times = TaskTimes(ticket_id=ticket_id, task=task, start=task.created_at)
        if times.set_anew():
            manager.save_times(task)
        if not is_running or not task.is_alive:  # its time begins anew when it is tried again
            continue
        timeouts, reminders = counted_from_dates(task)
        cancel_timers(task, names=[*timeouts, *(each.name for each in reminders)])
        defer_all([*_jobs_of(times, timeouts, reminders, now=manager.now)])
        if task.waits_until is not None:
            defer_end_of_wait(
                ticket_id=ticket_id, task_id=task.pk, until=task.waits_until, now=manager.now
            )


@QUESTION_ENDED.register
def begin_time_after_question(task: TaskInstance, now: datetime) -> None:
    """Whoever ends a question begins the task's time with it."""
    tickets = Ticket.objects.filter(workflow_instance=task.workflow_instance_id)
    if (number := tickets.values_list("pk", flat=True).first()) is not None:
        restart_timers(ticket_id=number, task=task, now=now)
