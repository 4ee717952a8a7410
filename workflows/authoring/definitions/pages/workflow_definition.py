from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from unfold.decorators import display

from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.page import buttons_of, list_buttons_of
from workflows.authoring.definitions.additions import panels
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.field_rows import field_table
from workflows.authoring.definitions.pages.references import references
from workflows.authoring.definitions.pages.task_cards import TaskCard, task_cards
from workflows.authoring.definitions.pages.transition_rows import all_transitions, condition_labels
from workflows.bundles.telling.describe_changes import field_labels
from workflows.engine.task_types import APPROVAL_TYPES, FORM_TYPES
from workflows.models import (
    CompanyRole,
    DefinitionStatus,
    TaskDefinition,
    TicketDefinition,
    WorkflowDefinition,
)
from workflows.picture.graph import draw_process
from workflows.running.people.workers import eligible_workers
from workflows.workbooks import FileType


class VersionsFilter(admin.SimpleListFilter):
    """Shows one version of each workflow unless asked for more."""

    title = gettext_lazy("versions")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", gettext_lazy("All versions")), *DefinitionStatus.choices]

    def choices(self, changelist: Any) -> Any:
        shown = super().choices(changelist)
        yield {**next(shown), "display": _("Newest of each workflow")}
        yield from shown

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WorkflowDefinition]
    ) -> QuerySet[WorkflowDefinition]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen in DefinitionStatus.values:
            return queryset.filter(status=chosen)
        newer = WorkflowDefinition.objects.filter(
            key=OuterRef("key"), version__gt=OuterRef("version")
        )
        return queryset.filter(~Exists(newer))


@admin.register(WorkflowDefinition)
class WorkflowDefinitionAdmin(DetailPageAdmin):
    """The workflows of a workflow creator: what there is, how it flows, publish, export."""

    list_title = gettext_lazy("Workflows")
    not_listed = ("display_layout",)
    counted = ngettext_lazy("%(count)d workflow", "%(count)d workflows", "count")
    change_list_template = "definitions/workflow_list.html"
    change_form_template = "definitions/workflow.html"
    list_display = (
        "title_column",
        "version_column",
        "status_column",
        "tasks_column",
        "ticket_types_column",
        "published_column",
    )
    list_filter = (VersionsFilter,)
    search_fields = ("title", "key")
    ordering = ("title", "-version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowDefinition]:
        tasks = (
            TaskDefinition.objects.written()
            .filter(workflow=OuterRef("pk"))
            .order_by()
            .values("workflow")
            .annotate(count=Count("pk"))
            .values("count")
        )
        workflows: QuerySet[WorkflowDefinition] = (
            super()
            .get_queryset(request)
            .select_related("published_by", "created_by")
            .prefetch_related("ticket_definitions")
            .annotate(task_count=Subquery(tasks))
        )
        return workflows

    # Columns

    @display(description=gettext_lazy("Workflow"), ordering="title", header=True)
    def title_column(self, workflow: WorkflowDefinition) -> list[str]:
        return [workflow.title, workflow.key]

    @display(description=gettext_lazy("Version"), ordering="version")
    def version_column(self, workflow: WorkflowDefinition) -> str:
        return f"v{workflow.version}"

    @display(description=gettext_lazy("Status"), ordering="status")
    def status_column(self, workflow: WorkflowDefinition) -> str:
        return definition_badge(workflow)

    @display(description=gettext_lazy("Tasks"))
    def tasks_column(self, workflow: WorkflowDefinition) -> int:
        return getattr(workflow, "task_count", 0) or 0

    @display(description=gettext_lazy("Ticket types"))
    def ticket_types_column(self, workflow: WorkflowDefinition) -> str:
        names = sorted(each.title for each in workflow.ticket_definitions.all())
        return format_html_join("", "<div>{}</div>", ((name,) for name in names)) or "-"

    @display(description=gettext_lazy("Published"), ordering="published_at")
    def published_column(self, workflow: WorkflowDefinition) -> str:
        if workflow.published_at is None:
            return "-"
        when = date_format(localtime(workflow.published_at), "DATE_FORMAT")
        return format_html("<div>{}</div><div>{}</div>", when, workflow.published_by or "")

    # The list

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        buttons = list_buttons_of(request, WorkflowDefinition)
        offer = next((each for each in buttons if each.button.when_empty), None)
        context = {"buttons": buttons, "offer": offer, **(extra_context or {})}
        return super().changelist_view(request, context)

    # The detail page

    def page_context(self, request: HttpRequest, obj: WorkflowDefinition) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(pk=obj.pk)
        labels = condition_labels(workflow)
        cards = task_cards(workflow, labels)
        anchors = {task.key: f"#task-{task.key}" for task in workflow.tasks.all()}
        added = [each for each in panels.call_all(request, workflow) if each]
        return {
            "title": workflow.title,
            "subtitle": None,
            "workflow": workflow,
            "references": references(workflow.ext_ref),
            "badge": definition_badge(workflow),
            "picture": draw_process(workflow.process(), links=anchors, notes=_notes(cards)),
            "fields": field_table(workflow.fields, field_labels(workflow.fields)),
            "cards": cards,
            "transitions": all_transitions(workflow, labels),
            "ticket_types": _ticket_types(workflow),
            "panels": sorted(added, key=lambda each: each.order),
            "buttons": buttons_of(request, workflow),
            "roles_without_people": _roles_without_people(workflow),
            "file_types": list(FileType),
            "may_see_tasks": request.user.has_perm("workflows.view_taskdefinition"),
        }


def _notes(cards: list[TaskCard]) -> dict[str, list[str]]:
    noted = {
        card.task.key: [each for each in (card.given_to, card.reminder_times) if each]
        for card in cards
    }
    return {key: lines for key, lines in noted.items() if lines}


def _ticket_types(workflow: WorkflowDefinition) -> QuerySet[TicketDefinition]:
    return workflow.ticket_definitions.prefetch_related("roles_with_access").order_by("title")


def _roles_without_people(workflow: WorkflowDefinition) -> list[CompanyRole]:
    """The company roles whose tasks would wait, because no task worker is in them."""
    if workflow.status == DefinitionStatus.RETIRED:
        return []
    forms = workflow.tasks.filter(task_type__in=[*FORM_TYPES, *APPROVAL_TYPES])
    roles = CompanyRole.objects.filter(task_definitions__in=forms).distinct().order_by("name")
    filled = set(eligible_workers(None).values_list("company_roles", flat=True))
    return [role for role in roles if role.pk not in filled]
