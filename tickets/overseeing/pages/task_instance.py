from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants.pages.badges import clipped
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.links import admin_link
from tickets.calling.pages.attempts import attempts_of
from tickets.files.pages.files import download_base
from tickets.finding.pages.counted_filters import DoneFilter, InTimeFilter, TaskKeyFilter
from tickets.finding.pages.filters import (
    DueFilter,
    TaskStatusFilter,
    TaskTicketTypeFilter,
    TaskTypeFilter,
    WorkerFilter,
)
from tickets.finding.pages.search import add_number
from tickets.following.pages.badges import due_badge, error_badge, failed_calls, task_badge
from tickets.following.pages.history import history
from tickets.models import Ticket
from tickets.overseeing.exports import TaskResource
from tickets.repairing.pages.all_repairs import open_repairs
from tickets.repairing.pages.base_page import RepairingPage
from tickets.seeing import Viewer, output_layout, shown_output, viewer_of
from workflows.authoring.definitions.pages.in_words import pretty
from workflows.flat import FlatExportAdmin
from workflows.layouts.columns import layouts_of
from workflows.models import (
    CompanyRole,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
)
from workflows.running.events.of_calls.call_failed import CALL_FAILED
from workflows.running.people.why_waiting import why_waiting
from workflows.running.people.workers import colleagues


@admin.register(TaskInstance)
class TaskInstanceAdmin(FlatExportAdmin, DetailPageAdmin):
    """Everybody's tasks, for ticket admins."""

    list_title = gettext_lazy("All tasks")
    resource_classes = [TaskResource]
    change_list_template = "overseeing/task_list.html"
    change_form_template = "overseeing/task.html"
    list_display = (
        "task_column",
        "ticket_column",
        "status_column",
        "worker_column",
        "since_column",
        "due_column",
        "attempts_column",
    )
    list_filter = (
        TaskStatusFilter,
        DueFilter,
        WorkerFilter,
        TaskTicketTypeFilter,
        TaskTypeFilter,
        DoneFilter,
        InTimeFilter,
        TaskKeyFilter,
    )
    list_filter_submit = True
    list_select_related = (
        "definition",
        "assigned_to",
        "contact",
        "workflow_instance__ticket",
    )
    not_listed = layouts_of("definition")
    search_fields = (
        "definition__title",
        "workflow_instance__ticket__title",
        "assigned_to__email",
    )
    search_help_text = gettext_lazy("Search by ticket number, task, ticket or e-mail address")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        failed = WorkflowEvent.objects.filter(task_instance=OuterRef("pk"), kind=CALL_FAILED)
        tasks: QuerySet[Any] = super().get_queryset(request)
        found: QuerySet[Any] = tasks.annotate(has_failed=Exists(failed))
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        number = "workflow_instance__ticket__pk"
        return add_number(queryset, found, search_term, number), may_repeat

    @display(description=gettext_lazy("Task"), ordering="definition__title", header=True)
    def task_column(self, task: TaskInstance) -> list[str]:
        return [task.definition.title, task.definition.key]

    @display(description=gettext_lazy("Ticket"), ordering="workflow_instance__ticket__pk")
    def ticket_column(self, task: TaskInstance) -> str:
        ticket = getattr(task.workflow_instance, "ticket", None)
        return clipped(ticket) if ticket else "-"

    @display(description=gettext_lazy("Status"), ordering="status")
    def status_column(self, task: TaskInstance) -> str:
        is_failed = getattr(task, "has_failed", False)
        return task_badge(task, failed=[task.pk] if is_failed else ())

    @display(description=gettext_lazy("Assigned to"), ordering="assigned_to__email")
    def worker_column(self, task: TaskInstance) -> str:
        return worker_of(task)

    @display(description=gettext_lazy("Since"), ordering="created_at")
    def since_column(self, task: TaskInstance) -> Any:
        return task.completed_at or task.assigned_at or task.created_at

    @display(description=gettext_lazy("Due"), ordering="due_at")
    def due_column(self, task: TaskInstance) -> str:
        return due_badge(task, now=timezone.now())

    @display(description=gettext_lazy("Attempts"), ordering="attempts")
    def attempts_column(self, task: TaskInstance) -> int:
        return task.attempts

    def page_context(self, request: HttpRequest, obj: TaskInstance) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(
            pk=obj.definition.workflow_id
        )
        found = Ticket.objects.with_progress().select_related("workflow")
        ticket = found.filter(workflow_instance=obj.workflow_instance_id).first()
        may_repair = ticket is not None and RepairingPage.admits(request)
        viewer = Viewer.NOBODY if ticket is None else viewer_of(request.user, ticket)
        return {
            "repairs": open_repairs(ticket, task=obj) if ticket and may_repair else [],
            "attempts": attempts_of(obj),
            "offered_to": _offered_to(obj),
            "title": obj.definition.title,
            "subtitle": None,
            "task": obj,
            "badge": task_badge(obj, failed=failed_calls([obj])),
            "worker": worker_of(obj),
            "why_waiting": why_waiting([obj]).get(obj.pk),
            "ticket": ticket,
            "output_layout": output_layout(obj.definition, obj.output_data, viewer=viewer),
            "answers": shown_output(obj.definition, obj.output_data, viewer=viewer),
            "documents": _documents(obj) if viewer is Viewer.TEAM else [],
            "history": history(workflow, obj.workflow_instance_id, viewer=viewer, task=obj),
            "ticket_errors": [
                {"error": each, "badge": error_badge(each), "link": admin_link(each)}
                for each in obj.ticket_errors.all()
            ],
            "file_url": download_base(),
            "may_see_tickets": request.user.has_perm("tickets.view_ticket"),
            "may_see_errors": request.user.has_perm("tickets.view_ticketerror"),
        }


def worker_of(task: TaskInstance) -> str:
    """Who has the task, or why nobody has it."""
    if task.assigned_to is not None:
        return str(task.assigned_to)
    if not task.definition.is_form:
        return _("The system")
    if task.is_with_contact:
        return _("%(contact)s (outside)") % {"contact": task.contact}
    return _("Waiting for a worker") if task.status == TaskStatus.PENDING else "-"


def _documents(task: TaskInstance) -> list[tuple[str, str]]:
    found = []
    if task.output_data is not None and task.definition.is_call:
        found.append((_("What came back"), pretty(task.output_data)))
    return found


def _offered_to(task: TaskInstance) -> list[str]:
    """The company roles whose members may do it as well, and the people who may; no query where
    there are none."""
    found: list[str] = []
    if task.added_roles:
        roles = CompanyRole.objects.filter(pk__in=task.added_roles).order_by("name")
        found += roles.values_list("name", flat=True)
    if task.added_people:
        people = (
            colleagues().filter(pk__in=task.added_people).order_by("first_name", "last_name", "pk")
        )
        found += map(str, people)
    return found
