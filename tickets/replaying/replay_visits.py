"""What came of the tasks of finished tickets, as the answers that a simulation takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from tickets.models import Ticket
from workflows.engine.errors import DurationError
from workflows.engine.failure import Failure
from workflows.engine.process import JsonObject, Process
from workflows.engine.simulate import Answer
from workflows.engine.steps.edits import with_owner
from workflows.engine.task_types import APPROVAL_TYPES, BLOCK_TYPES
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.times.timing import Moment
from workflows.models import (
    BusinessCalendar,
    Path,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
)
from workflows.running.events.kind import (
    TaskTime,
    kind_named,
    kinds_that_leave_a_task,
    kinds_with,
)
from workflows.running.events.of_calls.call_failed import CALL_FAILED
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.events.of_steps.timed_out import TIMED_OUT

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
    data = {each.workflow_instance_id: each.data for each in tickets}
    instances = list(data)
    events = _events_of(instances)
    working_time = BusinessCalendar.objects.current().working_time()
    late = {
        each.task_id: each.after
        for found in events.values()
        for each in found
        if each.kind == TIMED_OUT
    }
    edits = _edits_of(instances)
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
    outputs: dict[int, JsonObject] = {}
    for pk, instance_id, key, output, created_at, completed_at, path_id, status, kind in visits:
        items, in_branch = paths.items_of(path_id), path_id is not None
        # What happens to others, in other branches, is none of its time.
        its = [each for each in events.get(instance_id, ()) if each.task_id in (None, pk)]
        spans = _spans(its, created_at, completed_at or created_at)
        said = outputs.setdefault(instance_id, {})
        known: JsonObject = {"ticket": data.get(instance_id), "tasks": said}
        answers = [
            Answer(key, after=after, visit=pk, items=items)
            for after in _passed(process, key, spans, working_time, known)
        ]
        if isinstance(output, dict):
            said[key] = output
        time, failure = late.get(pk, ""), failed.get(pk)
        if time:
            answers.append(Answer(key, after=time, visit=pk, items=items))
        elif failure is not None:
            answers.append(Answer.failed(key, failure, visit=pk, items=items))
        elif status == TaskStatus.COMPLETED and kind not in BLOCK_TYPES:
            kept = output if isinstance(output, dict) else {}
            changes, asked = edits.get(pk, {}), paths.asked_with(path_id)
            answers.append(Answer(key, kept, visit=pk, items=items, edits=changes, asked=asked))
        if answers:
            answers[-1] = replace(answers[-1], at=completed_at)
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


def _edits_of(instances: Sequence[int | None]) -> Mapping[int, JsonObject]:
    """{id of a task: what it has changed of earlier answers}, as a simulation takes it."""
    found: dict[int, JsonObject] = {}
    for data, key in _changes_in_steps(instances).values_list(
        "data", "task_instance__definition__key"
    ):
        owner = "" if data.get("what") == "ticket" else str(data.get("key") or key or "")
        old, new = data.get("old"), data.get("new")
        before = old if isinstance(old, dict) else {}
        after = new if isinstance(new, dict) else {}
        changed: JsonObject = {
            name: after.get(name)
            for name in {*before, *after}
            if before.get(name) != after.get(name)
        }
        found.setdefault(int(data["in_task"]), {}).update(with_owner(owner, changed))
    return found


def submitted_at_first(tickets: Iterable[Ticket]) -> dict[int, JsonObject]:
    """{id of a ticket: what was submitted}, of those whose tasks have changed it since.

    What a ticket admin has corrected counts from the start, as it does of all others.
    """
    of_instance = {each.workflow_instance_id: each for each in tickets}
    found: dict[int, JsonObject] = {}
    changes = _changes_in_steps(list(of_instance)).filter(data__what="ticket").order_by("-pk")
    for instance_id, data in changes.values_list("workflow_instance_id", "data"):
        ticket = of_instance[instance_id]
        answers = dict(found.get(ticket.pk, ticket.data))
        old, new = data.get("old"), data.get("new")
        for name in new if isinstance(new, dict) else ():
            answers.pop(name, None)
        found[ticket.pk] = {**answers, **(old if isinstance(old, dict) else {})}
    return found


def _changes_in_steps(instances: Sequence[int | None]) -> QuerySet[WorkflowEvent]:
    return WorkflowEvent.objects.filter(
        workflow_instance__in=instances, kind=CHANGED, data__has_key="in_task"
    ).order_by("pk")


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
    answers: JsonObject,
) -> list[str]:
    """The durations of a task's transitions that passed before its end, the first to pass first."""
    durations = process.timeouts(key)
    found: list[tuple[datetime, str]] = []
    for begin, end in spans if durations else ():
        for after in durations:
            due = _due(after, begin, end, working_time, answers)
            if due is not None:
                found.append((due, after))
    return [after for _due_at, after in sorted(found)]


def _due(
    after: str,
    begin: datetime,
    end: datetime,
    working_time: WorkingTime,
    answers: JsonObject,
) -> datetime | None:
    """When the time was over, where that was before the end; a draft's may be none."""
    try:
        moment = Moment.parse(after)
    except DurationError:
        return None
    if not moment.anchor and moment.duration.days > (end - begin).days + 1:
        return None  # not worth counting the days
    due = moment.at(working_time, start=begin, answers=answers, ends_day=True)
    return due if due is not None and due <= end else None
