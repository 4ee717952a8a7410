"""When the times of a task are: it is left, reminded of, due, or waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q

from tickets.models import Ticket
from workflows.engine.process import JsonObject
from workflows.engine.steps.reminders import Reminder
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.times.timing import DUE, Moment
from workflows.models import BusinessCalendar, TaskInstance, WorkflowEvent
from workflows.running.definition_cache import definition_of
from workflows.running.due_dates import outputs_for
from workflows.running.events.kind import TaskTime, kinds_with

# With each of these a timer of the current task that was set before does not count any more.
ENDS_TIMERS = kinds_with(TaskTime.STOPS, TaskTime.BEGINS)


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


def counted_from_dates(task: TaskInstance) -> tuple[list[str], list[Reminder]]:
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


def reads_dates(task: TaskInstance) -> bool:
    """Whether a time of the task is counted from an answer."""
    definition = task.definition
    own = [each for each in (definition.due_in, definition.wait) if each]
    return any(Moment.parse(each).answer for each in own) or any(counted_from_dates(task))


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
