from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from unfold.decorators import display

from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.filters import ChosenFilter
from tenants.pages.page import list_buttons_of
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.references import references
from workflows.authoring.definitions.pages.task_cards import given_to, task_card
from workflows.authoring.definitions.pages.transition_rows import condition_labels, transition_rows
from workflows.engine.task_types import WRITTEN_TYPES
from workflows.models import DefinitionStatus, TaskDefinition, WorkflowDefinition
from workflows.task_types import task_type_choices
from workflows.workbooks import FileType
from workflows.working_hours.durations import duration_in_words


class WorkflowFilter(ChosenFilter):
    """By key: a workflow is one thing over all its versions."""

    title = gettext_lazy("workflow")
    parameter_name = "workflow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = WorkflowDefinition.objects.order_by("key", "-version").distinct("key")
        found = newest.values_list("key", "title")
        return sorted(found, key=lambda each: each[1].casefold())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(workflow__key=chosen)


class VersionFilter(ChosenFilter):
    """The tasks of the newest versions, unless a version, or a status, is asked for."""

    title = gettext_lazy("version")
    parameter_name = "version"
    all_option = ("", gettext_lazy("Newest of each workflow"))

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        self.asks_for_status = bool(request.GET.get(StatusFilter.parameter_name))
        super().__init__(request, *args, **options)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        numbers = WorkflowDefinition.objects.order_by("version").values_list("version", flat=True)
        versions = [(str(each), f"v{each}") for each in numbers.distinct()]
        return [("all", gettext_lazy("All versions")), *versions]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset if chosen == "all" else queryset.filter(workflow__version=int(chosen))

    def unless_chosen(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.asks_for_status:
            return queryset
        newer = WorkflowDefinition.objects.filter(
            key=OuterRef("workflow__key"), version__gt=OuterRef("workflow__version")
        )
        return queryset.filter(~Exists(newer))


class StatusFilter(ChosenFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(DefinitionStatus.choices)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(workflow__status=chosen)


class TypeFilter(ChosenFilter):
    title = gettext_lazy("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [each for each in task_type_choices() if each[0] in WRITTEN_TYPES]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(task_type=chosen)


@admin.register(TaskDefinition)
class TaskDefinitionAdmin(DetailPageAdmin):
    """The steps of all workflows: what each asks for or calls, and who is given it."""

    list_title = gettext_lazy("Task definitions")
    counted = ngettext_lazy("%(count)d task definition", "%(count)d task definitions", "count")
    change_list_template = "definitions/task_list.html"
    change_form_template = "definitions/task.html"
    list_display = (
        "title_column",
        "workflow_column",
        "version_column",
        "status_column",
        "type_column",
        "role_column",
        "due_column",
        "changed_column",
    )
    list_filter = (WorkflowFilter, VersionFilter, StatusFilter, TypeFilter)
    list_filter_submit = True
    search_fields = ("title", "key", "description", "workflow__title", "candidate_role__name")
    search_help_text = gettext_lazy("Search by title, key, description, workflow or company role")
    ordering = ("workflow__title", "-workflow__version", "position", "pk")
    list_select_related = ("workflow", "candidate_role")
    not_listed = ("edit_layout", "display_layout", "workflow__display_layout")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskDefinition]:
        """Without the votes, which are made with their approvals."""
        return super().get_queryset(request).filter(task_type__in=WRITTEN_TYPES)

    @display(description=gettext_lazy("Task"), ordering="title", header=True)
    def title_column(self, task: TaskDefinition) -> list[str]:
        return [task.title, task.key]

    @display(description=gettext_lazy("Workflow"), ordering="workflow__title")
    def workflow_column(self, task: TaskDefinition) -> str:
        return task.workflow.title

    @display(description=gettext_lazy("Version"), ordering="workflow__version")
    def version_column(self, task: TaskDefinition) -> str:
        return f"v{task.workflow.version}"

    @display(description=gettext_lazy("Status"), ordering="workflow__status")
    def status_column(self, task: TaskDefinition) -> str:
        return definition_badge(task.workflow)

    @display(description=gettext_lazy("Type"), ordering="task_type")
    def type_column(self, task: TaskDefinition) -> str:
        return task.get_task_type_display()

    @display(description=gettext_lazy("Given to"), ordering="candidate_role__name")
    def role_column(self, task: TaskDefinition) -> str:
        if task.type.is_approval:
            return given_to(task, {}, {})
        if not task.is_form:
            return "-"
        if task.assign_to:
            return given_to(task, {}, {})
        return task.candidate_role.name if task.candidate_role else _("Every task worker")

    @display(description=gettext_lazy("Due in"))
    def due_column(self, task: TaskDefinition) -> str:
        return duration_in_words(task.due_in) if task.due_in else "-"

    @display(description=gettext_lazy("Changed"), ordering="updated_at")
    def changed_column(self, task: TaskDefinition) -> Any:
        return task.updated_at

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        buttons = list_buttons_of(request, TaskDefinition)
        return super().changelist_view(request, {"buttons": buttons, **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: TaskDefinition) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(pk=obj.workflow_id)
        labels = condition_labels(workflow)
        transitions = list(workflow.transitions.all())
        leaving = [each for each in transitions if each.from_task_id == obj.pk]
        arriving = [each for each in transitions if each.to_task_id == obj.pk]
        return {
            "title": obj.title,
            "subtitle": None,
            "workflow": workflow,
            "references": references(obj.ext_ref),
            "badge": definition_badge(workflow),
            "card": task_card(obj, leaving, labels),
            "arriving": transition_rows(arriving, labels),
            "file_types": list(FileType),
            "task_query": f"{urlencode({'workflow': workflow.pk, 'task': obj.key})}&",
            "may_see_workflows": request.user.has_perm("workflows.view_workflowdefinition"),
        }
