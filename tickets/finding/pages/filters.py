"""List filters over a company's own people and definitions.

Django's own filters over foreign keys would list everybody of every company, since people
stand in `public`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.companies.active_company import active_company
from tenants.models import User
from tenants.pages.filters import ChosenFilter
from tenants.pages.numbers import number_in
from tickets.finding.days import beginning_of
from tickets.models import Score, Ticket, TicketError
from tickets.models.ticket import TicketQuerySet
from tickets.models.ticket_error import UNRESOLVED
from workflows.end_outcomes import outcome_choices
from workflows.engine.process import EndOutcome
from workflows.engine.task_types import FORM_TYPES
from workflows.models import TaskInstance, TaskStatus, TicketDefinition, WorkflowStatus
from workflows.models.task_instance import UNFINISHED
from workflows.priorities import Priority, priority_choices
from workflows.task_types import task_type_choices

# A dropdown with more people than this is no help: search by e-mail address then.
MOST_PEOPLE = 200
# Not statuses, but several at once.
RUNNING, UNFINISHED_TASKS = "RUNNING", "UNFINISHED"


class _PeopleFilter(ChosenFilter):
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        company = active_company(request)
        if company is None:
            return []
        people = User.objects.filter(company=company).only("first_name", "last_name", "email")
        found = {str(person.pk): str(person) for person in people[:MOST_PEOPLE]}
        asked = number_in(self.value() or "")
        if asked is not None and str(asked) not in found:  # a link may lead to anybody
            found |= {str(person.pk): str(person) for person in people.filter(pk=asked)}
        return list(found.items())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(**{self.field: int(chosen)})


class SubmitterFilter(_PeopleFilter):
    title = _("submitter")
    parameter_name = "submitter"
    field = "created_by"


class RatingFilter(ChosenFilter):
    title = _("rating")
    parameter_name = "rating"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Score.choices)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(rating__score=chosen)


class WorkerFilter(_PeopleFilter):
    title = _("worker")
    parameter_name = "worker"
    field = "assigned_to"


class TicketStatusFilter(ChosenFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(RUNNING, _("Running: has not ended")), *WorkflowStatus.choices]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        tickets = cast("TicketQuerySet", queryset)
        if chosen == RUNNING:
            return tickets.going_on()
        if chosen == WorkflowStatus.CANCELLED:
            return tickets.cancelled()
        status = Q(workflow_instance__status=chosen)
        if chosen in (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD):
            status &= Q(workflow_instance__was_cancelled=False)
        if chosen == WorkflowStatus.NOT_STARTED:
            status |= Q(workflow_instance=None)
        return queryset.filter(status)


class OutcomeFilter(ChosenFilter):
    """How tickets have ended that came to an end; cancelled ones have come to none."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(outcome_choices())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(Ticket.ended_as(EndOutcome(chosen)))


class PriorityFilter(ChosenFilter):
    title = _("priority")
    parameter_name = "priority"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(priority_choices())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(priority=Priority(chosen).stored)


class TicketTypeFilter(ChosenFilter):
    """By key: a ticket type is one thing over all its versions."""

    title = _("ticket type")
    parameter_name = "type"
    field = "definition__key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = TicketDefinition.objects.order_by("key", "-version").distinct("key")
        found = newest.values_list("key", "title")
        return sorted(found, key=lambda each: each[1].casefold())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(**{self.field: chosen})


class TaskTicketTypeFilter(TicketTypeFilter):
    field = "workflow_instance__ticket__definition__key"


class ErrorTicketTypeFilter(TicketTypeFilter):
    field = "ticket__definition__key"


class HasErrorsFilter(ChosenFilter):
    title = _("errors")
    parameter_name = "errors"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("With unresolved errors")), ("no", _("Without unresolved errors"))]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        errors = Exists(TicketError.objects.filter(ticket=OuterRef("pk"), status__in=UNRESOLVED))
        return queryset.filter(errors if chosen == "yes" else ~errors)


class TaskStatusFilter(ChosenFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("UNASSIGNED", _("Waiting for a worker")),
            (UNFINISHED_TASKS, _("Not finished")),
            *TaskStatus.choices,
        ]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        if chosen == "UNASSIGNED":
            return queryset.filter(
                status=TaskStatus.PENDING, assigned_to=None, definition__task_type__in=FORM_TYPES
            )
        if chosen == UNFINISHED_TASKS:
            return queryset.filter(status__in=UNFINISHED)
        return queryset.filter(status=chosen)


class TaskTypeFilter(ChosenFilter):
    title = _("type")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return task_type_choices()

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(definition__task_type=chosen)


def end_of_day(now: datetime) -> datetime:
    """When tomorrow begins."""
    return beginning_of(timezone.localtime(now).date() + timedelta(days=1))


class NeedsMeFilter(ChosenFilter):
    """Of one's own tickets."""

    title = _("waiting for")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("me", _("My answer"))]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return cast("TicketQuerySet", queryset).waiting_for_requester()


class DueFilter(ChosenFilter):
    """By when a task should be finished; what is finished is never overdue."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("overdue", _("Overdue")),
            ("today", _("Due today")),
            ("later", _("Due later")),
            ("none", _("Without a due date")),
        ]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        unfinished = queryset.filter(status__in=UNFINISHED)
        if chosen == "none":
            return unfinished.filter(due_at=None)
        now = timezone.now()
        if chosen == "overdue":
            return unfinished.filter(due_at__lt=now)
        if chosen == "today":
            return unfinished.filter(due_at__gte=now, due_at__lt=end_of_day(now))
        return unfinished.filter(due_at__gte=now)


class DueTicketFilter(ChosenFilter):
    """By when the task is due where the ticket stands; what has ended is never overdue."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", _("Overdue")), ("later", _("Due later"))]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        task, now = "workflow_instance__current_task", timezone.now()
        comparison = f"due_at__{'lt' if chosen == 'overdue' else 'gte'}"
        on_main_path = Q(**{f"{task}__status__in": UNFINISHED, f"{task}__{comparison}": now})
        in_branch = TaskInstance.objects.unfinished().filter(
            workflow_instance=OuterRef("workflow_instance"),
            path__isnull=False,
            **{comparison: now},
        )
        return queryset.filter(on_main_path | Q(Exists(in_branch)))
