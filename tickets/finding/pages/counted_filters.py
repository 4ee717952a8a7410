"""Filters of lists that lead to what a report has counted.

Their values are too many to choose from: each offers a few, and whatever the address has.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext, gettext_lazy

from tenants.names import LONGEST_NAME
from tenants.pages.filters import ChosenFilter
from tickets.finding.counted import END, IN_TIME, LATE, keys_of
from tickets.finding.days import Days
from workflows.models import TaskDefinition, TaskStatus, WorkflowDefinition


class DaysFilter(ChosenFilter):
    """The rows whose moment lies on the chosen days: see Days."""

    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = localdate()
        offered = {str(days): text for days, text in usual_days(today)}
        days = Days.parse(self.value() or "")
        if days is not None:
            offered.setdefault(str(days), days.in_words)
        return list(offered.items())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        days = Days.parse(chosen)
        return queryset.none() if days is None else queryset.filter(days.within(self.field))


def usual_days(today: date) -> list[tuple[Days, str]]:
    """The times that people ask for, with what they are called."""
    past = [
        (Days(today - timedelta(days=count - 1), today), gettext("The last %(count)d days"), count)
        for count in (7, 30, 90)
    ]
    return [
        *((days, text % {"count": count}) for days, text, count in past),
        (Days(date(today.year, 1, 1), today), gettext("This year")),
    ]


class SubmittedFilter(DaysFilter):
    title = gettext_lazy("submitted")
    parameter_name = "submitted"
    field = "created_at"


class EndedFilter(DaysFilter):
    """Also of cancelled tickets: that is how they ended."""

    title = gettext_lazy("ended")
    parameter_name = "ended"
    field = "workflow_instance__completed_at"


class HappenedFilter(DaysFilter):
    title = gettext_lazy("happened")
    parameter_name = "happened"
    field = "created_at"


class DoneFilter(DaysFilter):
    title = gettext_lazy("finished")
    parameter_name = "done"
    field = "completed_at"


class TaskKeyFilter(ChosenFilter):
    """A task in all versions of its workflow, by their keys: `vacation.approve`."""

    title = gettext_lazy("task")
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = self.value() or ""
        found = TaskDefinition.objects.filter(_of_keys(asked)).order_by("-workflow__version")
        title = found.values_list("title", flat=True).first() if asked else None
        return [] if title is None else [(asked, title)]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        tasks = TaskDefinition.objects.filter(_of_keys(chosen))
        return queryset.filter(definition__in=tasks.values("pk"))


def _of_keys(text: str) -> Q:
    workflow, task = keys_of(text)
    return Q(workflow__key=workflow, key=task)


class WorkflowFilter(ChosenFilter):
    """A workflow in all its versions, by its key."""

    title = gettext_lazy("workflow")
    parameter_name = "flow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = (self.value() or "").replace("\0", "")
        found = WorkflowDefinition.objects.filter(key=asked).order_by("-version")
        title = found.values_list("title", flat=True).first() if asked else None
        return [] if title is None else [(asked, title)]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        versions = WorkflowDefinition.objects.filter(key=chosen)
        return queryset.filter(workflow_instance__workflow__in=versions.values("pk"))


class EndFilter(ChosenFilter):
    """Tickets that came to the end of this label: `is:`, and the label, which may be empty."""

    title = gettext_lazy("how it ended")
    parameter_name = "end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = (self.value() or "").replace("\0", "")[: LONGEST_NAME + len(END)]
        if not asked.startswith(END):
            return []
        return [(asked, asked.removeprefix(END) or gettext("Without a name"))]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(workflow_instance__end_label=chosen.removeprefix(END))


class InTimeFilter(ChosenFilter):
    """Whether a task with a due date was finished by then."""

    title = gettext_lazy("finished in time")
    parameter_name = "in_time"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("In time")), ("no", gettext_lazy("Late"))]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        done = queryset.filter(status=TaskStatus.COMPLETED)
        return done.filter(LATE if chosen == "no" else IN_TIME)
