from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants.models import User
from tenants.pages.badges import badge, clipped
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.links import admin_link
from tickets.conversation.pages.timeline import Conversation
from tickets.files.pages.files import download_base
from tickets.finding.pages.counted_filters import (
    EndedFilter,
    EndFilter,
    SubmittedFilter,
    WorkflowFilter,
)
from tickets.finding.pages.filters import (
    HasErrorsFilter,
    OutcomeFilter,
    SubmitterFilter,
    TicketStatusFilter,
    TicketTypeFilter,
)
from tickets.finding.pages.search import add_number
from tickets.following.pages import progress
from tickets.following.pages.badges import error_badge, task_badge, ticket_badge
from tickets.following.pages.history import WholeHistory
from tickets.models import Ticket, TicketError
from tickets.models.ticket import TicketQuerySet
from tickets.moving.pages.move_page import move_address, newer_version
from tickets.overseeing.exports import TicketResource
from tickets.repairing.pages.all_repairs import open_repairs
from tickets.repairing.pages.base_page import RepairingPage
from tickets.seeing import viewer_of
from workflows.flat import FlatExportAdmin
from workflows.models import TaskInstance, WorkflowDefinition


@admin.register(Ticket)
class TicketAdmin(FlatExportAdmin, DetailPageAdmin):
    """Everybody's tickets, for ticket admins."""

    list_title = gettext_lazy("All tickets")
    resource_classes = [TicketResource]
    export_help = gettext_lazy(
        "A workbook has a sheet with all tickets, and one for each ticket type with a column for "
        "each question of all its versions. Tables of records have sheets of their own, with the "
        "ticket's number in each row. As CSV these are several files in a .zip. As JSON it is one "
        "list, with the answers of each ticket under “Data” as they are kept. Of files that were "
        "submitted, only the names are in it."
    )
    change_list_template = "overseeing/ticket_list.html"
    change_form_template = "overseeing/ticket.html"
    list_display = (
        "number_column",
        "type_column",
        "submitter_column",
        "status_column",
        "where_column",
        "submitted_column",
    )
    list_filter = (
        TicketStatusFilter,
        OutcomeFilter,
        TicketTypeFilter,
        HasErrorsFilter,
        SubmitterFilter,
        SubmittedFilter,
        EndedFilter,
        EndFilter,
        WorkflowFilter,
    )
    list_filter_submit = True
    search_fields = ("title", "created_by__email")
    search_help_text = gettext_lazy("Search by number, title or e-mail address")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        errors = TicketError.objects.unresolved().filter(ticket=OuterRef("pk"))
        tickets: TicketQuerySet = super().get_queryset(request)  # type: ignore[assignment]
        return tickets.with_progress().annotate(is_stuck=Exists(errors))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return add_number(queryset, found, search_term, "pk"), may_repeat

    @display(description=gettext_lazy("Ticket"), ordering="pk", header=True)
    def number_column(self, ticket: Ticket) -> list[str]:
        return [clipped(ticket.title), f"#{ticket.pk}"]

    @display(description=gettext_lazy("Type"), ordering="definition__title")
    def type_column(self, ticket: Ticket) -> str:
        return ticket.definition.title

    @display(description=gettext_lazy("Submitted by"), ordering="created_by__email")
    def submitter_column(self, ticket: Ticket) -> str:
        return str(ticket.created_by)

    @display(description=gettext_lazy("Status"), ordering="workflow_instance__status")
    def status_column(self, ticket: Ticket) -> str:
        status = ticket_badge(ticket)
        if not getattr(ticket, "is_stuck", False):
            return status
        return format_html("{} {}", status, badge(_("Error"), "bad"))

    @display(description=gettext_lazy("Where it is"))
    def where_column(self, ticket: Ticket) -> str:
        return progress.position_in_words(ticket) or _outcome(ticket) or "-"

    @display(description=gettext_lazy("Submitted"), ordering="created_at")
    def submitted_column(self, ticket: Ticket) -> Any:
        return ticket.created_at

    def page_context(self, request: HttpRequest, obj: Ticket) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(pk=obj.workflow_id)
        tasks = TaskInstance.objects.filter(workflow_instance=obj.workflow_instance_id)
        current = obj.workflow_instance.current_task if obj.workflow_instance else None
        newer = newer_version(obj) if RepairingPage.admits(request) else None
        return {
            "repairs": open_repairs(obj, task=current) if RepairingPage.admits(request) else [],
            "newer": newer,
            "move_url": f"{move_address(newer)}?ticket={obj.pk}" if newer else "",
            "title": str(obj),
            "subtitle": None,
            "ticket": obj,
            "workflow": workflow,
            "badge": ticket_badge(obj),
            "where": progress.position_in_words(obj),
            "outcome": _outcome(obj),
            "picture": progress.picture(obj),
            **progress.submitted(obj),
            "conversation": Conversation(
                request,
                obj,
                request.user,
                history=WholeHistory(
                    workflow,
                    obj.workflow_instance_id,
                    viewer=viewer_of(request.user, obj),
                ),
            )
            if isinstance(request.user, User)
            else None,
            "tasks": [
                {"task": each, "badge": task_badge(each), "link": admin_link(each)}
                for each in tasks.select_related("definition", "assigned_to").order_by("pk")
            ]
            if obj.workflow_instance_id
            else [],
            "ticket_errors": [
                {"error": each, "badge": error_badge(each), "link": admin_link(each)}
                for each in obj.errors.select_related("task__definition")
            ],
            "files": obj.files.select_related("uploaded_by"),
            "file_url": download_base(),
            "may_see_tasks": request.user.has_perm("workflows.view_taskinstance"),
            "may_see_errors": request.user.has_perm("tickets.view_ticketerror"),
            "may_see_definitions": request.user.has_perm("workflows.view_workflowdefinition"),
        }


def _outcome(ticket: Ticket) -> str:
    return ticket.workflow_instance.end_label if ticket.workflow_instance else ""
