from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants.pages.badges import clipped
from tenants.pages.filters import ChosenFilter
from tenants.pages.links import admin_link
from tickets.calling.pages.attempts import TaskData, attempts_of, data_so_far
from tickets.editing.kept_changes import by_forms
from tickets.finding.pages.counted_filters import HappenedFilter
from tickets.finding.pages.filters import ErrorTicketTypeFilter
from tickets.finding.pages.search import add_number
from tickets.following.pages import progress
from tickets.following.pages.badges import error_badge, task_badge, ticket_badge
from tickets.models import ErrorStatus, ErrorType, Ticket, TicketError
from tickets.models.ticket_error import UNRESOLVED
from tickets.repairing.pages.all_repairs import open_repairs
from tickets.repairing.pages.base_page import RepairingPage
from tickets.repairing.pages.bulk_retry import RetryManyAdmin
from tickets.repairing.pages.correcting import CorrectOutput
from tickets.repairing.pages.handle_error_pages import ResolveForm, ResolvePage
from tickets.repairing.pages.repair_verb import RepairVerb, kept_answers
from tickets.seeing import shown_answers, viewer_of
from workflows.layouts.columns import layouts_of
from workflows.models import TaskInstance
from workflows.running.looking_back.keys_now import keys_now

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ErrorStatusFilter(ChosenFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    # Without a choice the list shows what is to be looked after.
    all_option: ClassVar[list[Any]] = ["", gettext_lazy("Not resolved")]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*ErrorStatus.choices, ("all", gettext_lazy("All, resolved ones too"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.narrow(queryset, self.chosen() or "unresolved")

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        if chosen == "all":
            return queryset
        return queryset.filter(status__in=UNRESOLVED if chosen == "unresolved" else (chosen,))


class ErrorTypeFilter(ChosenFilter):
    title = gettext_lazy("what went wrong")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ErrorType.choices)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(error_type=chosen)


@admin.register(TicketError)
class TicketErrorAdmin(RetryManyAdmin):
    """What went wrong with tickets: to be looked after, and noted as resolved."""

    list_title = gettext_lazy("Ticket errors")
    change_list_template = "repairing/error_list.html"
    change_form_template = "repairing/error.html"
    list_display = (
        "message_column",
        "ticket_column",
        "task_column",
        "status_column",
        "happened_column",
    )
    list_filter = (ErrorStatusFilter, ErrorTypeFilter, ErrorTicketTypeFilter, HappenedFilter)
    list_filter_submit = True
    list_select_related = ("ticket", "task__definition")
    not_listed = layouts_of("task__definition")
    search_fields = ("message", "ticket__title", "ticket__created_by__email")
    search_help_text = gettext_lazy("Search by ticket number, title, e-mail address or message")
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return add_number(queryset, found, search_term, "ticket"), may_repeat

    @display(description=gettext_lazy("What happened"), ordering="error_type", header=True)
    def message_column(self, error: TicketError) -> list[str]:
        return [error.get_error_type_display(), Truncator(error.message).chars(120)]

    @display(description=gettext_lazy("Ticket"), ordering="ticket")
    def ticket_column(self, error: TicketError) -> str:
        return clipped(error.ticket)

    @display(description=gettext_lazy("Task"), ordering="task__definition__title")
    def task_column(self, error: TicketError) -> str:
        return error.task.definition.title if error.task else "-"

    @display(description=gettext_lazy("Status"), ordering="status")
    def status_column(self, error: TicketError) -> str:
        return error_badge(error)

    @display(description=gettext_lazy("When"), ordering="created_at")
    def happened_column(self, error: TicketError) -> Any:
        return error.created_at

    def page_context(self, request: HttpRequest, obj: TicketError) -> dict[str, Any]:
        # With what the buttons ask; the list needs less.
        ticket = Ticket.objects.with_progress().select_related("workflow").get(pk=obj.ticket_id)
        task = obj.task
        may_repair = RepairingPage.admits(request)
        kept = None if obj.is_resolved else kept_answers(task)
        viewer = viewer_of(request.user, ticket)
        return {
            "kept": kept,
            "kept_shown": [
                each
                for specs, answers in by_forms(task.definition, ticket.workflow_id, kept.answers)
                for each in shown_answers(specs, answers, viewer=viewer)
            ]
            if kept is not None and task is not None
            else [],
            "repairs": open_repairs(ticket, task=task, error=obj) if may_repair else [],
            "attempts": attempts_of(task),
            "data_so_far": _with_corrections(
                data_so_far(ticket, viewer=viewer), ticket, may_repair=may_repair
            ),
            **progress.submitted(ticket),
            "title": obj.get_error_type_display(),
            "subtitle": None,
            "ticket_error": obj,
            "badge": error_badge(obj),
            "ticket_badge": ticket_badge(ticket),
            "task_badge": task_badge(task) if task else "",
            "task_link": admin_link(task) if task else "",
            "definitions": described_by(request, ticket, task),
            "is_new": obj.status == ErrorStatus.NEW,
            "may_change": ResolvePage.admits(request),
            "resolve_form": ResolveForm(),
            "handled": _handled(obj),
            "may_see_tickets": request.user.has_perm("tickets.view_ticket"),
            "may_see_tasks": request.user.has_perm("workflows.view_taskinstance"),
        }


@dataclass(frozen=True, slots=True)
class Described:
    """A definition that says how it should have gone; `link` is empty for who may not see it."""

    what: StrOrPromise
    title: str
    link: str


def described_by(
    request: HttpRequest, ticket: Ticket, task: TaskInstance | None
) -> list[Described]:
    """The versions that the ticket, and the task that failed, follow."""
    found: list[tuple[StrOrPromise, Model]] = []
    if task is not None:
        found.append((gettext_lazy("Task definition"), task.definition))
    found.append((gettext_lazy("Workflow"), ticket.workflow))
    found.append((gettext_lazy("Ticket type"), ticket.definition))
    return [
        Described(what, str(each), admin_link(each) if _may_see(request, each) else "")
        for what, each in found
    ]


def _may_see(request: HttpRequest, definition: Model) -> bool:
    options = definition._meta
    return request.user.has_perm(f"{options.app_label}.{get_permission_codename('view', options)}")


def _with_corrections(
    outputs: list[TaskData], ticket: Ticket, *, may_repair: bool
) -> list[tuple[TaskData, RepairVerb | None]]:
    """Each with the page that corrects it, if it counts now."""
    instance = ticket.workflow_instance
    if not may_repair or instance is None or ticket.has_ended:
        return [(each, None) for each in outputs]
    keys = keys_now([each.task for each in outputs], instance)
    return [
        (
            each,
            CorrectOutput(ticket, task=each.task) if keys[each.task.pk] in instance.data else None,
        )
        for each in outputs
    ]


def _handled(error: TicketError) -> QuerySet[LogEntry]:
    """Who did what about the error."""
    kind = ContentType.objects.get_for_model(TicketError)
    log = LogEntry.objects.filter(content_type=kind, object_id=str(error.pk))
    return log.select_related("user").order_by("pk")
