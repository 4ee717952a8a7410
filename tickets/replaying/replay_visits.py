"""What came of the tasks of finished tickets, as the answers that a simulation takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from tickets.models import Ticket
from workflows.engine.calendar import Duration, WorkingTime
from workflows.engine.errors import DurationError
from workflows.engine.failure import Failure
from workflows.engine.process import Process
from workflows.engine.simulate import Answer
from workflows.engine.task_types import APPROVAL_TYPES, BLOCK_TYPES
from workflows.models import (
    BusinessCalendar,
    Path,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
)
from workflows.running.events.call_failed import CALL_FAILED
from workflows.running.events.kind import (
    TaskTime,
    kind_named,
    kinds_that_leave_a_task,
    kinds_with,
)
from workflows.running.events.timed_out import TIMED_OUT

# What does something to the time of a task, and what leaves it undone.
_TIMED: Final = kinds_with(TaskTime.STOPS, TaskTime.BEGINS, TaskTime.BEGINS_IF_STOPPED)
_RELEVANT: Final = [*_TIMED, *kinds_that_leave_a_task()]


@dataclass(frozen=True, slots=True)
class Visit:
    """One task of a ticket; `time` is a duration where it was not done within it.

    `answers` are the times of the process that is replayed that had passed, then what came; of a
    task that was cancelled because its block had ended nothing. `ended` is when that was.
    """

    task: str
    time: str
    answers: tuple[Answer, ...]
    ended: datetime
    is_in_branch: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    task_id: int | None
    kind: str
    at: datetime
    after: str
    failure: Failure | None = None

    @property
    def time(self) -> TaskTime:
        return kind_named(self.kind).rules.time


def answers_of(visits: Sequence[Visit]) -> Iterator[Answer]:
    """The answers of visits, in the order in which they came: of branches side by side, by time."""
    ordered = list(visits)
    if any(each.is_in_branch for each in visits):
        ordered.sort(key=lambda each: each.ended)
    for each in ordered:
        yield from each.answers


def visits_of(tickets: Iterable[Ticket], *, process: Process) -> dict[int, list[Visit]]:
    """The visits of each workflow instance, in their order, for a simulation of `process`.

    How long a task took is measured in the working time as the calendar has it now.
    """
    instances = [each.workflow_instance_id for each in tickets]
    events = _events_of(instances)
    working_time = BusinessCalendar.objects.current().working_time()
    late = {
        each.task_id: each.after
        for found in events.values()
        for each in found
        if each.kind == TIMED_OUT
    }
    failed = {
        each.task_id: each.failure
        for found in events.values()
        for each in found
        if each.failure is not None
    }
    undone = [pk for pk in (*late, *failed) if pk is not None]
    rows = (
        TaskInstance.objects.filter(workflow_instance__in=instances)
        .filter(
            Q(status=TaskStatus.COMPLETED)
            | Q(pk__in=undone)
            | Q(status=TaskStatus.CANCELLED, path__isnull=False)
        )
        .order_by("pk")
        .values_list(
            *("pk", "workflow_instance_id", "definition__key"),
            *("output_data", "created_at", "completed_at", "path_id"),
            *("status", "definition__task_type"),
        )
    )
    visits = list(rows)
    paths = _Paths({row[6] for row in visits if row[6] is not None})
    found: dict[int, list[Visit]] = {}
    for pk, instance_id, key, output, created_at, completed_at, path_id, status, kind in visits:
        items, in_branch = paths.items_of(path_id), path_id is not None
        # What happens to others, in other branches, is none of its time.
        its = [each for each in events.get(instance_id, ()) if each.task_id in (None, pk)]
        spans = _spans(its, created_at, completed_at or created_at)
        answers = [
            Answer(key, after=after, visit=pk, items=items)
            for after in _passed(process, key, spans, working_time)
        ]
        time, failure = late.get(pk, ""), failed.get(pk)
        if time:
            answers.append(Answer(key, after=time, visit=pk, items=items))
        elif failure is not None:
            answers.append(Answer.failed(key, failure, visit=pk, items=items))
        elif status == TaskStatus.COMPLETED and kind not in BLOCK_TYPES:
            kept = output if isinstance(output, dict) else {}
            asked = paths.asked_with(path_id)
            answers.append(Answer(key, kept, visit=pk, items=items, asked=asked))
        visit = Visit(key, time, tuple(answers), completed_at or created_at, in_branch)
        found.setdefault(instance_id, []).append(visit)
    return found


class _Paths:
    """For which entries of lists the tasks on paths were done; one query, or none."""

    def __init__(self, pks: Collection[int]) -> None:
        self._rows: dict[int, tuple[int, bool, int | None]] = {}
        self._approvals: dict[int, int] = {}
        self._asked = Counter[int]()
        if pks:
            tasks = TaskInstance.objects.filter(path__in=pks).values("workflow_instance")
            rows = Path.objects.filter(workflow_instance__in=tasks).values_list(
                *("pk", "number", "block_task__definition__for_each", "block_task__path_id"),
                *("block_task_id", "block_task__definition__task_type"),
            )
            for pk, number, for_each, around, block, kind in rows:
                is_vote = kind in APPROVAL_TYPES
                self._rows[pk] = (number, is_vote or for_each is not None, around)
                if is_vote:
                    self._approvals[pk] = block
            self._asked = Counter(self._approvals.values())

    def asked_with(self, path: int | None) -> int:
        """How many people the approval has asked whose vote is on this path; 0: it is none."""
        return self._asked[self._approvals[path]] if path in self._approvals else 0

    def items_of(self, path: int | None) -> tuple[int, ...]:
        """The numbers of the entries, the outermost first."""
        numbers: list[int] = []
        while path in self._rows:
            number, has_items, path = self._rows[path]
            if has_items:
                numbers.insert(0, number)
        return tuple(numbers)


def _events_of(instances: Sequence[int | None]) -> Mapping[int, Sequence[_Event]]:
    rows = (
        WorkflowEvent.objects.filter(workflow_instance__in=instances, kind__in=_RELEVANT)
        .order_by("pk")
        .values_list("workflow_instance_id", "task_instance_id", "kind", "at", "data")
    )
    found: dict[int, list[_Event]] = {}
    for instance_id, task_id, kind, at, data in rows:
        known = data if isinstance(data, dict) else {}
        failure = Failure.read(known.get("failure")) if kind == CALL_FAILED else None
        event = _Event(task_id, kind, at, str(known.get("after", "")), failure)
        found.setdefault(instance_id, []).append(event)
    return found


def _spans(
    events: Iterable[_Event], begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When the time of a task ran: not on hold, and not while it was in error."""
    opened: datetime | None = begin
    for each in events:
        if not begin <= each.at <= end:
            continue
        time = each.time
        if opened is not None and time in (TaskTime.STOPS, TaskTime.BEGINS):
            yield opened, each.at
            opened = None
        if opened is None and time in (TaskTime.BEGINS, TaskTime.BEGINS_IF_STOPPED):
            opened = each.at
    if opened is not None:
        yield opened, end


def _passed(
    process: Process,
    key: str,
    spans: Iterable[tuple[datetime, datetime]],
    working_time: WorkingTime,
) -> list[str]:
    """The durations of a task's transitions that passed before its end, the first to pass first."""
    durations = process.timeouts(key)
    found: list[tuple[datetime, str]] = []
    for begin, end in spans if durations else ():
        for after in durations:
            due = _due(after, begin, end, working_time)
            if due is not None:
                found.append((due, after))
    return [after for _due_at, after in sorted(found)]


def _due(after: str, begin: datetime, end: datetime, working_time: WorkingTime) -> datetime | None:
    """When the duration was over, where that was before the end; a draft's may be none."""
    try:
        duration = Duration.parse(after)
    except DurationError:
        return None
    if duration.days > (end - begin).days + 1:  # not worth counting the days
        return None
    due = working_time.after(begin, duration)
    return due if due <= end else None
