"""Transitions that are taken when a task has not ended in time, and its reminders: a job for each.

A job stands in the queue, in Postgres, from the transaction on that makes the task: it fires
after an outage too. It is deleted with the statement that ends the task; one that is under way then
finds nothing to do.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tenants.fair_turns import Queue
from tenants.fast.batch import Batch
from tenants.jobs import Deferred, cancel_job, defer_all, defer_many
from tenants.models import Company
from tickets.advancing.after_move import end_cancelled, keep_errors
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.defer_call import defer_call
from tickets.advancing.failed_step import UNREACHABLE, FailedStep
from tickets.advancing.lock_ticket import lock_task_of, lock_ticket
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.job_names import END_WAIT, FIRE_TIMER, REMIND, RUN_ACTION
from tickets.models import Ticket, TicketError
from workflows.engine.process import JsonObject
from workflows.engine.steps.reminders import Reminder
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.times.timing import DUE, Moment
from workflows.errors import TaskNotWorkableError
from workflows.models import (
    BusinessCalendar,
    TaskInstance,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import UNFINISHED
from workflows.running.definition_cache import definition_of
from workflows.running.due_dates import outputs_for
from workflows.running.events.kind import TaskTime, cancels_all, kinds_with
from workflows.running.events.of_people.reminded import REMINDED
from workflows.running.questions import QUESTION_ENDED
from workflows.running.state_manager import Move, WorkflowStateManager
from workflows.running.step_part import StepPart
from workflows.running.with_event import WITH_EVENT, Happened
from workflows.running.workflow_repair import WorkflowRepair

logger = logging.getLogger(__name__)

# With each of these a timer of the current task that was set before does not count any more.
ENDS_TIMERS = kinds_with(TaskTime.STOPS, TaskTime.BEGINS)


# By the index of the jobs of a company.
_DELETE: Final = f"""
DELETE FROM public.procrastinate_jobs
 WHERE queue_name = '{Queue.STEPS}' AND coalesce(args->>'schema', '') = %s::text
   AND status = 'todo' AND task_name IN ('{FIRE_TIMER}', '{REMIND}', '{END_WAIT}')
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
    if definition.listed_reminders or definition.wait:
        return True
    if happened.workflow_id is None:
        return False
    return bool(definition_of(happened.workflow_id).process.timeouts(definition.key))


@dataclass(kw_only=True)
class TaskTimes:
    """When the times of a task are, counted from `start`.

    `data` are the answers of its ticket, `calendar` is the company's working time; None: they are
    read where they are needed.
    """

    ticket_id: int
    task: TaskInstance
    start: datetime
    data: JsonObject | None = None
    calendar: WorkingTime | None = None

    @cached_property
    def working_time(self) -> WorkingTime:
        return self.calendar or BusinessCalendar.objects.current().working_time()

    def left_at(self, after: str) -> datetime | None:
        """When the transition of this time leaves the task; None: its date is not there."""
        return self._at(Moment.parse(after), ends_day=True)

    def reminded_at(self, reminder: Reminder) -> datetime | None:
        """When a reminder comes; None: what it is counted from is not there."""
        return self._at(reminder.when)

    def set_anew(self) -> bool:
        """Set when the task is due or waits until, by the answers as they are now.

        Returns whether that is another time than before.
        """
        task = self.task
        before = (task.due_at, task.waits_until)
        due_in, wait = task.definition.due_in, task.definition.wait
        if due_in and Moment.parse(due_in).answer:
            task.due_at = self._at(Moment.parse(due_in), ends_day=True)
        if task.waits_until is not None and Moment.parse(wait).answer:
            # Where the date is gone, it waits until what the date was.
            task.waits_until = self._at(Moment.parse(wait)) or task.waits_until
        return before != (task.due_at, task.waits_until)

    def _at(self, moment: Moment, *, ends_day: bool = False) -> datetime | None:
        return moment.at(
            self.working_time,
            start=self.start,
            answers=self._answers if moment.answer else {},
            due=self.task.due_at,
            ends_day=ends_day,
        )

    @cached_property
    def _answers(self) -> JsonObject:
        data = self.data
        if data is None:
            found = Ticket.objects.filter(pk=self.ticket_id).values_list("data", flat=True)
            data = found.first()
        return {"ticket": data, "tasks": outputs_for(self.task)}


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
            jobs.append(_end_of_wait(ticket_id=ticket_id, task_id=task.pk, until=until, now=now))
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
            yield _timer(**ids, after=after, since=now, due=due, now=now)
    if not reminders:
        return
    is_new = times.data is not None
    made = now if is_new else times.task.created_at
    sent = SentReminders() if is_new else reminders_sent(times.task)
    for reminder in reminders:
        due = times.reminded_at(reminder)
        if due is not None and due > made and not sent.has(reminder, due, now=now):
            yield _reminder(**ids, reminder=reminder.name, since=now, due=due, now=now)


def defer_timer(
    *, ticket_id: int, task_id: int, after: str, since: datetime, due: datetime, now: datetime
) -> None:
    """Put a timer into the queue, for a time that began at `since`."""
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    defer_all([_timer(**ids, after=after, since=since, due=due, now=now)])


def defer_reminder(
    *, ticket_id: int, task_id: int, reminder: str, since: datetime, due: datetime, now: datetime
) -> None:
    """Put a reminder into the queue, by its name, for a time that began at `since`."""
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    defer_all([_reminder(**ids, reminder=reminder, since=since, due=due, now=now)])


def defer_end_of_wait(*, ticket_id: int, task_id: int, until: datetime, now: datetime) -> None:
    """Put the end of a wait into the queue."""
    defer_all([_end_of_wait(ticket_id=ticket_id, task_id=task_id, until=until, now=now)])


def _timer(
    *, ticket_id: int, task_id: int, after: str, since: datetime, due: datetime, now: datetime
) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    times = {"since": since.isoformat(), "due": due.isoformat()}
    return Deferred(FIRE_TIMER, {**ids, "after": after, **times}, _seconds(now, due))


def _reminder(
    *, ticket_id: int, task_id: int, reminder: str, since: datetime, due: datetime, now: datetime
) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    times = {"since": since.isoformat(), "due": due.isoformat()}
    return Deferred(REMIND, {**ids, "reminder": reminder, **times}, _seconds(now, due))


def _end_of_wait(*, ticket_id: int, task_id: int, until: datetime, now: datetime) -> Deferred:
    ids = {"ticket_id": ticket_id, "task_id": task_id}
    return Deferred(END_WAIT, {**ids, "until": until.isoformat()}, _seconds(now, until))


def _seconds(now: datetime, until: datetime) -> float:
    return max((until - now).total_seconds(), 0)


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
    for name, due in events.values_list("data__reminder", "data__due"):
        dues.setdefault(str(name), set()).add(str(due))
    by_date = _counted_from_dates(task)[1] if dues else []
    return SentReminders(dues, frozenset(each.name for each in by_date))


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
    if not any(map(_reads_dates, manager.positions.current_tasks())):
        return
    is_running = manager.instance.status == WorkflowStatus.IN_PROGRESS
    for task in manager.read_current_tasks():
        if not _reads_dates(task) or task.status not in UNFINISHED or task.waits_for_answer:
            continue
        times = TaskTimes(ticket_id=ticket_id, task=task, start=task.created_at)
        if times.set_anew():
            manager.save_times(task)
        if not is_running or not task.is_alive:  # its time begins anew when it is tried again
            continue
        timeouts, reminders = _counted_from_dates(task)
        cancel_timers(task, names=[*timeouts, *(each.name for each in reminders)])
        defer_all([*_jobs_of(times, timeouts, reminders, now=manager.now)])
        if task.waits_until is not None:
            defer_end_of_wait(
                ticket_id=ticket_id, task_id=task.pk, until=task.waits_until, now=manager.now
            )


def _counted_from_dates(task: TaskInstance) -> tuple[list[str], list[Reminder]]:
    """The times and the reminders of a task that are counted from answers."""
    process = definition_of(task.workflow_instance.workflow_id).process
    definition = task.definition
    timeouts = [each for each in process.timeouts(definition.key) if Moment.parse(each).answer]
    is_due_by_date = bool(definition.due_in) and bool(Moment.parse(definition.due_in).answer)
    reminders = [
        each
        for each in definition.listed_reminders
        if each.when.answer or (each.when.anchor == DUE and is_due_by_date)
    ]
    return timeouts, reminders


def _reads_dates(task: TaskInstance) -> bool:
    """Whether a time of the task is counted from an answer."""
    definition = task.definition
    own = [each for each in (definition.due_in, definition.wait) if each]
    return any(Moment.parse(each).answer for each in own) or any(_counted_from_dates(task))


@QUESTION_ENDED.register
def begin_time_after_question(task: TaskInstance, now: datetime) -> None:
    """Whoever ends a question begins the task's time with it."""
    tickets = Ticket.objects.filter(workflow_instance=task.workflow_instance_id)
    if (number := tickets.values_list("pk", flat=True).first()) is not None:
        restart_timers(ticket_id=number, task=task, now=now)


def defer_jobs_of_move(ticket: Ticket, move: Move, *, now: datetime) -> None:
    """Set the timers and defer the calls of what a move has made, in its transaction.

    Of steps that could not be taken ticket errors are kept, and what was cancelled is cleaned up.
    """
    keep_errors(ticket, move)
    end_cancelled(ticket, move, now=now)
    set_timers_of(move.new_tasks, ticket_id=ticket.pk, now=now, data=ticket.data)
    follow_subtickets(move.new_tasks, ticket_id=ticket.pk)
    if len(move.calls) > 1:
        calls = [{"ticket_id": ticket.pk, "task_id": call.pk} for call in move.calls]
        defer_many(RUN_ACTION, calls)
    else:
        for call in move.calls:
            defer_call(ticket_id=ticket.pk, task_id=call.pk)


def fire_timer(
    *,
    ticket_id: int,
    task_id: int,
    after: str,
    due: str,
    since: str = "",
    now: datetime | None = None,
) -> None:
    """Leave a task that has not ended within `after`, where a transition says so.

    `due` is when, and `since` when the time began, in ISO 8601. Safe to call twice, late, or
    beside whoever completes the task: who comes second finds nothing to do. So does a timer
    whose time has begun anew. What fails becomes a ticket error.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job comes again.
    """
    now = now or timezone.now()
    moment = datetime.fromisoformat(due)
    began = datetime.fromisoformat(since) if since else None
    if now < moment:  # the clocks of two machines differ
        with transaction.atomic():
            defer_timer(
                ticket_id=ticket_id,
                task_id=task_id,
                after=after,
                since=began or now,
                due=moment,
                now=now,
            )
        return
    timer = _Timer(ticket_id=ticket_id, task_id=task_id, after=after, began=began, now=now)
    try:
        with transaction.atomic():
            ticket = lock_ticket(ticket_id)
            manager, task = timer.lock(ticket)
            timer.fire(ticket, manager, task)
        return
    except UNREACHABLE:
        raise
    except Exception:  # as in advance_ticket: a ticket admin must see it
        logger.exception("The timer of task %s of %s could not fire", task_id, current_schema())
    _fire_in_parts(timer)


@dataclass(frozen=True, slots=True)
class _Timer:
    ticket_id: int
    task_id: int
    after: str
    began: datetime | None
    now: datetime

    def lock(self, ticket: Ticket) -> tuple[WorkflowRepair, TaskInstance]:
        locked = lock_task_of(ticket, self.task_id, now=self.now)
        if locked is None:
            raise TaskInstance.DoesNotExist
        return locked

    def fire(self, ticket: Ticket, manager: WorkflowRepair, task: TaskInstance) -> None:
        if not is_current_wait(task, self.began):
            return
        manager.begin_part(StepPart.DECISION)
        facts = ticket.facts(Company.objects.current())
        move = manager.time_out(task, after=self.after, facts=facts)
        manager.begin_part(StepPart.TASK if move.new_tasks else manager.part)
        if move.moved and task.definition.is_call:
            cancel_jobs_of_task(task)
        if move.moved:
            follow_subtickets([task], ticket_id=ticket.pk)
        defer_jobs_of_move(ticket, move, now=self.now)


def _fire_in_parts(timer: _Timer) -> None:
    """Once more, so that it is known what of it fails."""
    ticket: Ticket | None = None
    manager: WorkflowRepair | None = None
    task: TaskInstance | None = None
    try:
        with transaction.atomic():
            ticket = lock_ticket(timer.ticket_id)
            manager, task = timer.lock(ticket)
            manager.write_in_parts()
            timer.fire(ticket, manager, task)
    except UNREACHABLE:
        raise
    except Exception as error:  # as above
        if ticket is None or task is None:
            raise
        _record_failure(timer, FailedStep.of(error, ticket, manager, left=task))


def is_current_wait(task: TaskInstance, began: datetime | None) -> bool:
    """Whether the task's time is still the one that began then (None: the job does not say)."""
    if began is None:
        return True
    # What happens to other tasks, in other branches, changes nothing of it.
    of_it = Q(task_instance=task) | Q(task_instance=None)
    events = WorkflowEvent.objects.filter(of_it, workflow_instance=task.workflow_instance_id)
    # The last one by its number: the clocks of two machines differ.
    last = events.filter(kind__in=ENDS_TIMERS).order_by("-pk").values_list("at", flat=True).first()
    return last is None or last <= began


def _record_failure(timer: _Timer, failed: FailedStep) -> None:
    with transaction.atomic():
        ticket = lock_ticket(timer.ticket_id)
        manager, task = timer.lock(ticket)
        words = {"task": task.definition.title, "message": failed.message}
        message = _("The time of “%(task)s” is over. %(message)s") % words
        try:
            is_marked = try_to_put_into_error(lambda: manager.fail_task(task, reason=message))
        except TaskNotWorkableError:  # it has ended in the meantime, or is on hold
            return
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=failed.error_type,
            message=message,
            stack_trace=failed.trace,
            is_step_marked=is_marked,
        )
