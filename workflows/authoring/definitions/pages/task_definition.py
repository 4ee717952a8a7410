from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants.pages.detail_page import DetailPageAdmin
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.definition_rows import (
    condition_labels,
    references,
    task_card,
    transition_rows,
)
from workflows.engine.task_types import TaskType
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.task_types import task_type_choices


class NewestFilter(admin.SimpleListFilter):
    """Shows the tasks of the newest versions unless asked for more."""

    title = gettext_lazy("workflow versions")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", gettext_lazy("All versions"))]

    def choices(self, changelist: Any) -> Any:
        shown = super().choices(changelist)
        yield {**next(shown), "display": _("Newest of each workflow")}
        yield from shown

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TaskDefinition]
    ) -> QuerySet[TaskDefinition]:
        if self.value() == "all":
            return queryset
        newer = WorkflowDefinition.objects.filter(
            key=OuterRef("workflow__key"), version__gt=OuterRef("workflow__version")
        )
        return queryset.filter(~Exists(newer))


class TypeFilter(admin.SimpleListFilter):
    title = gettext_lazy("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return task_type_choices()

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TaskDefinition]
    ) -> QuerySet[TaskDefinition]:
        if self.value() in list(TaskType):
            return queryset.filter(task_type=self.value())
        return queryset


@admin.register(TaskDefinition)
class TaskDefinitionAdmin(DetailPageAdmin):
    """The steps of all workflows: what each asks for or calls, and who is given it."""

    list_title = gettext_lazy("Tasks of workflows")
    change_list_template = "definitions/task_list.html"
    change_form_template = "definitions/task.html"
    list_display = ("title_column", "workflow_column", "type_column", "role_column")
    list_filter = (NewestFilter, TypeFilter)
    search_fields = ("title", "key", "workflow__title")
    ordering = ("workflow__title", "-workflow__version", "position", "pk")
    list_select_related = ("workflow", "candidate_role")

    @display(description=gettext_lazy("Task"), ordering="title", header=True)
    def title_column(self, task: TaskDefinition) -> list[str]:
        return [task.title, task.key]

    @display(description=gettext_lazy("Workflow"), ordering="workflow__title")
    def workflow_column(self, task: TaskDefinition) -> str:
        return str(task.workflow)

    @display(description=gettext_lazy("Type"), ordering="task_type")
    def type_column(self, task: TaskDefinition) -> str:
        return task.get_task_type_display()

    @display(description=gettext_lazy("Given to"), ordering="candidate_role__name")
    def role_column(self, task: TaskDefinition) -> str:
        if not task.is_form:
            return "-"
        return task.candidate_role.name if task.candidate_role else _("Every task worker")

    def page_context(self, request: HttpRequest, obj: TaskDefinition) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.whole().get(pk=obj.workflow_id)
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
        }
