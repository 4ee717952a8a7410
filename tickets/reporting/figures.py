"""What a report asks the database: each question once, whatever there is.

All go over ranges of an index (of when a ticket was submitted, a workflow ended, a task was
finished), or over what has not ended, which is little. Why there is no table of daily figures is
in docs/speed.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    When,
)
from django.db.models.functions import Coalesce, TruncDay
from django.utils.timezone import get_current_timezone

from tenants.models import User
from tickets.finding.counted import LATE
from tickets.models import Ticket, TicketError
from tickets.reporting.period import Period, day_of
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowStatus,
)
from workflows.models.task_instance import UNFINISHED

SHARES: Final = (0.5, 0.9)


class MedianAndNinetieth(Aggregate):
    """Of lengths of time: [median, 90th percentile]."""

    function = "percentile_cont"
    template = (
        f"%(function)s(ARRAY[{', '.join(map(str, SHARES))}])"
        " WITHIN GROUP (ORDER BY %(expressions)s)"
    )
    output_field = ArrayField(DurationField())


# When work on a task began: when its worker said so, else when they were given it; of a call, when
# it was made first. Who finishes a task without saying that they begin has begun it in that moment.
BEGUN: Any = Case(
    When(started_at__lt=F("completed_at"), then=F("started_at")),
    default=Coalesce(F("assigned_at"), F("started_at"), F("completed_at")),
    output_field=DateTimeField(),
)


def _between(end: Any, begin: Any) -> Any:
    return ExpressionWrapper(end - begin, output_field=DurationField())


WAITING: Any = _between(BEGUN, F("created_at"))
DOING: Any = _between(F("completed_at"), BEGUN)
WHOLE: Any = _between(F("completed_at"), F("created_at"))


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds; None where nothing did."""

    count: int
    median: float | None
    ninetieth: float | None

    @classmethod
    def of(cls, count: int, found: Sequence[timedelta] | None) -> Times:
        if not found:
            return cls(count, None, None)
        median, ninetieth = (max(each.total_seconds(), 0) for each in found)
        return cls(count, median, ninetieth)


@dataclass(frozen=True, slots=True)
class Ended:
    """Tickets of a type that ended at one step in the same way."""

    begin: date
    status: str
    outcome: str
    type_key: str
    count: int


@dataclass(frozen=True, slots=True)
class TaskTimes:
    """A task in all versions of its workflow."""

    workflow_key: str
    key: str
    title: str
    workflow_title: str
    waiting: Times
    doing: Times
    with_due: int
    late: int


@dataclass(frozen=True, slots=True)
class Load:
    worker: User
    unfinished: int
    done: int


class TicketTypes:
    """All ticket types, each in all its versions."""

    def __init__(self) -> None:
        found = TicketDefinition.objects.order_by("-version", "-pk")
        versions = list(found.values_list("pk", "key", "title"))
        self.key_of: Mapping[int, str] = {pk: key for pk, key, _title in versions}
        newest: dict[str, str] = {}
        for _pk, key, title in versions:
            newest.setdefault(key, title)
        # By their keys, in the order of the titles.
        self.titles: Mapping[str, str] = dict(
            sorted(newest.items(), key=lambda each: (each[1].casefold(), each[0]))
        )

    def key(self, definition: int) -> str:
        """Empty where the version came after these were read: it counts in totals alone."""
        return self.key_of.get(definition, "")

    def versions_of(self, key: str) -> list[int]:
        return [pk for pk, each in self.key_of.items() if each == key]


class Figures:
    """Of the tickets of the company, or of one ticket type (by its key: in all its versions)."""

    def __init__(
        self, period: Period, types: TicketTypes, *, now: datetime, type_key: str = ""
    ) -> None:
        self.period, self.types, self.now, self.type_key = period, types, now, type_key

    def _of_type(self, field: str) -> Q:
        if not self.type_key:
            return Q()
        return Q(**{f"{field}__in": self.types.versions_of(self.type_key)})

    def _tickets(self) -> QuerySet[Ticket]:
        return Ticket.objects.filter(self._of_type("definition")).order_by()

    def _tasks(self) -> QuerySet[TaskInstance]:
        tasks = TaskInstance.objects.order_by()
        return tasks.filter(self._of_type("workflow_instance__ticket__definition"))

    # Tickets

    @cached_property
    def opened(self) -> Mapping[tuple[date, str], int]:
        """How many were submitted, by the first day of the step and the key of the type."""
        rows = (
            self._tickets()
            .filter(self.period.days.within("created_at"))
            .annotate(begin=self.period.step("created_at"))
            .values("begin", "definition_id")
            .annotate(count=Count("pk"))
            .values_list("begin", "definition_id", "count")
        )
        found: dict[tuple[date, str], int] = defaultdict(int)
        for begin, definition, count in rows:
            found[day_of(begin), self.types.key(definition)] += count
        return found

    def _ended(self) -> QuerySet[Ticket]:
        return self._tickets().filter(self.period.days.within("workflow_instance__completed_at"))

    @cached_property
    def ended(self) -> Sequence[Ended]:
        rows = (
            self._ended()
            .annotate(begin=self.period.step("workflow_instance__completed_at"))
            .values(
                "begin",
                "workflow_instance__status",
                "workflow_instance__outcome",
                "definition_id",
            )
            .annotate(count=Count("pk"))
            .values_list(
                "begin",
                "workflow_instance__status",
                "workflow_instance__outcome",
                "definition_id",
                "count",
            )
        )
        return [
            Ended(day_of(begin), status, outcome, self.types.key(definition), count)
            for begin, status, outcome, definition, count in rows
        ]

    @cached_property
    def ratings(self) -> Mapping[str, int]:
        """How many of the tickets that ended have which rating."""
        rated = self._ended().filter(rating__isnull=False).values("rating__score")
        counted = rated.annotate(count=Count("pk"))
        return dict(counted.values_list("rating__score", "count"))

    def _completed(self) -> QuerySet[Ticket]:
        took = ExpressionWrapper(
            F("workflow_instance__completed_at") - F("created_at"), output_field=DurationField()
        )
        done = self._ended().filter(workflow_instance__status=WorkflowStatus.COMPLETED)
        return done.annotate(took=took)

    @cached_property
    def times(self) -> Times:
        """From submitting to the end, of those that came to one; cancelled ones did not."""
        found = self._completed().aggregate(count=Count("pk"), times=MedianAndNinetieth("took"))
        return Times.of(found["count"], found["times"])

    @cached_property
    def times_by_type(self) -> Mapping[str, Times]:
        rows = self._completed().values("definition__key")
        counted = rows.annotate(count=Count("pk"), times=MedianAndNinetieth("took"))
        return {row["definition__key"]: Times.of(row["count"], row["times"]) for row in counted}

    @cached_property
    def running(self) -> Mapping[tuple[date, str], int]:
        """What has not ended now, by the day on which it was submitted and the type's key."""
        day = TruncDay("created_at", tzinfo=get_current_timezone())
        rows = (
            Ticket.objects.going_on()
            .filter(self._of_type("definition"))
            .order_by()
            .annotate(day=day)
            .values("day", "definition_id")
            .annotate(count=Count("pk"))
            .values_list("day", "definition_id", "count")
        )
        found: dict[tuple[date, str], int] = defaultdict(int)
        for begin, definition, count in rows:
            found[day_of(begin), self.types.key(definition)] += count
        return found

    # Tasks

    def _done(self) -> QuerySet[TaskInstance]:
        done = self._tasks().filter(status=TaskStatus.COMPLETED)
        return done.filter(self.period.days.within("completed_at"))

    @cached_property
    def tasks(self) -> Sequence[TaskTimes]:
        """The tasks that were finished, those of most first."""
        rows = list(
            self._done()
            .annotate(waiting=WAITING, doing=DOING)
            .values("definition__workflow__key", "definition__key")
            .annotate(
                count=Count("pk"),
                waiting_times=MedianAndNinetieth("waiting"),
                doing_times=MedianAndNinetieth("doing"),
                with_due=Count("pk", filter=Q(due_at__isnull=False)),
                late=Count("pk", filter=LATE),
            )
            .order_by("-count", "definition__workflow__key", "definition__key")
        )
        titles = self._titles_of_tasks([row["definition__workflow__key"] for row in rows])
        found = []
        for row in rows:
            keys = row["definition__workflow__key"], row["definition__key"]
            title, workflow_title = titles.get(keys, (keys[1], keys[0]))
            waiting = Times.of(row["count"], row["waiting_times"])
            doing = Times.of(row["count"], row["doing_times"])
            found.append(
                TaskTimes(
                    *keys, title, workflow_title, waiting, doing, row["with_due"], row["late"]
                )
            )
        return found

    def _titles_of_tasks(
        self, workflows: Sequence[str]
    ) -> Mapping[tuple[str, str], tuple[str, str]]:
        """The titles of a task and of its workflow, of the newest version, by their keys."""
        found = TaskDefinition.objects.filter(workflow__key__in=set(workflows))
        rows = found.order_by("workflow__version").values_list(
            "workflow__key", "key", "title", "workflow__title"
        )
        return {(workflow, key): (title, of) for workflow, key, title, of in rows}

    @cached_property
    def unfinished_with_due(self) -> tuple[int, int]:
        """How many tasks have a due date now, and how many of them are overdue."""
        found = (
            self._tasks()
            .filter(status__in=UNFINISHED, due_at__isnull=False)
            .aggregate(count=Count("pk"), late=Count("pk", filter=Q(due_at__lt=self.now)))
        )
        return found["count"], found["late"]

    @cached_property
    def loads(self) -> Sequence[Load]:
        """Those who have tasks now, or finished some; who has most first."""
        unfinished = self._by_worker(self._tasks().filter(status__in=UNFINISHED))
        done = self._by_worker(self._done())
        people = User.objects.filter(pk__in=unfinished.keys() | done.keys())
        loads = [Load(each, unfinished.get(each.pk, 0), done.get(each.pk, 0)) for each in people]
        return sorted(loads, key=lambda each: (-each.unfinished, -each.done, each.worker.email))

    @staticmethod
    def _by_worker(tasks: QuerySet[TaskInstance]) -> dict[int, int]:
        rows = tasks.filter(assigned_to__isnull=False).values("assigned_to")
        return dict(rows.annotate(count=Count("pk")).values_list("assigned_to", "count"))

    # Errors

    @cached_property
    def errors(self) -> Mapping[tuple[str, str], int]:
        """How many happened, by kind and status."""
        rows = (
            TicketError.objects.filter(self.period.days.within("created_at"))
            .filter(self._of_type("ticket__definition"))
            .order_by()
            .values("error_type", "status")
            .annotate(count=Count("pk"))
        )
        return {(row["error_type"], row["status"]): row["count"] for row in rows}
