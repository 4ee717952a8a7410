"""A workflow in numbers: how often tasks were finished and ends reached, and how long it took.

Of all versions of the workflow, by the keys of its tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db.models import Count, QuerySet

from tickets.models import Ticket
from tickets.reporting.figures import (
    DOING,
    WAITING,
    WHOLE,
    MedianAndNinetieth,
    Times,
)
from tickets.reporting.period import Period
from workflows.engine.process import EndOutcome
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.models.workflow_instance import RUNNING


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """A task: how many tickets are at it now, and the times of those that left it."""

    now: int
    waiting: Times
    doing: Times
    whole: Times


_NOTHING: Final = Times(0, None, None)


class FlowFigures:
    """Of one workflow, by its key, over a time. Each of them is asked once."""

    def __init__(self, workflow_key: str, period: Period) -> None:
        self.key, self.period = workflow_key, period

    @cached_property
    def tasks(self) -> Mapping[str, TaskFigures]:
        """By the keys of the tasks."""
        done = {row["definition__key"]: row for row in self._done()}
        now = self._now
        found = {}
        for key in done.keys() | now.keys():
            row = done.get(key)
            times: Sequence[Times] = [_NOTHING] * 3
            if row is not None:
                names = ("waiting_times", "doing_times", "whole_times")
                times = [Times.of(row["count"], row[name]) for name in names]
            found[key] = TaskFigures(now.get(key, 0), *times)
        return found

    @cached_property
    def _now(self) -> Mapping[str, int]:
        rows = (
            TaskInstance.objects.current()
            .unfinished()
            .filter(
                workflow_instance__status__in=RUNNING,
                workflow_instance__workflow__key=self.key,
            )
            .order_by()
            .values("definition__key")
            .annotate(count=Count("pk"))
        )
        return dict(rows.values_list("definition__key", "count"))

    def _done(self) -> QuerySet[TaskInstance, Any]:
        done = TaskInstance.objects.filter(
            self.period.days.within("completed_at"),
            status=TaskStatus.COMPLETED,
            definition__workflow__key=self.key,
        )
        timed = done.order_by().annotate(waiting=WAITING, doing=DOING, whole=WHOLE)
        return timed.values("definition__key").annotate(
            count=Count("pk"),
            waiting_times=MedianAndNinetieth("waiting"),
            doing_times=MedianAndNinetieth("doing"),
            whole_times=MedianAndNinetieth("whole"),
        )

    @cached_property
    def ends(self) -> Mapping[tuple[EndOutcome, str], int]:
        """How many tickets came to each end, by its outcome and label."""
        rows = (
            Ticket.objects.filter(
                self.period.days.within("workflow_instance__completed_at"),
                workflow_instance__status=WorkflowStatus.COMPLETED,
                workflow_instance__workflow__key=self.key,
            )
            .order_by()
            .values("workflow_instance__outcome", "workflow_instance__end_label")
            .annotate(count=Count("pk"))
            .values_list("workflow_instance__outcome", "workflow_instance__end_label", "count")
        )
        found: dict[tuple[EndOutcome, str], int] = {}
        for outcome, label, count in rows:
            end = EndOutcome.named(outcome), label
            found[end] = found.get(end, 0) + count
        return found
