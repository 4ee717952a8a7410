from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from unfold.decorators import display

from tenants.active_company import active_company
from tenants.models import User
from tenants.pages.detail_page import DetailPageAdmin, admin_link
from tenants.pages.page import buttons_of
from workflows.authoring.definitions.additions import version_notices
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.definition_page import may_change_workflows
from workflows.authoring.definitions.pages.definition_rows import (
    all_transitions,
    condition_labels,
    field_table,
    references,
    task_cards,
)
from workflows.authoring.editing.pages.editor_page import editor_urls
from workflows.authoring.gallery.pages.gallery_page import gallery_urls
from workflows.authoring.importing.pages.import_page import ImportPage, download, file_type
from workflows.authoring.importing.pages.import_run_page import import_run_urls
from workflows.authoring.importing.pages.problem_rows import ProblemRow, problem_rows
from workflows.authoring.publishing.pages.versions_page import versions_of
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.bundles.tell_changes import field_labels
from workflows.engine.process import TaskType
from workflows.errors import WorkflowsError
from workflows.models import (
    CompanyRole,
    DefinitionStatus,
    TaskDefinition,
    TicketDefinition,
    WorkflowDefinition,
)
from workflows.picture.graph import draw_process
from workflows.running.assignment import eligible_workers
from workflows.workbooks import FileType, write_document


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
            TaskDefinition.objects.filter(workflow=OuterRef("pk"))
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
        return super().changelist_view(
            request, {"may_import": may_import(request), **(extra_context or {})}
        )

    # The detail page

    def page_context(self, request: HttpRequest, obj: WorkflowDefinition) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.whole().get(pk=obj.pk)
        labels = condition_labels(workflow)
        anchors = {task.key: f"#task-{task.key}" for task in workflow.tasks.all()}
        may_change = may_change_workflows(request)
        problems: list[ProblemRow] = []
        if workflow.is_draft and may_change:
            problems = problem_rows(publishing_problems(workflow=workflow))
        return {
            "title": workflow.title,
            "subtitle": None,
            "workflow": workflow,
            "references": references(workflow.ext_ref),
            "badge": definition_badge(workflow),
            "picture": draw_process(workflow.process(), links=anchors),
            "fields": field_table(workflow.fields, field_labels(workflow.fields)),
            "cards": task_cards(workflow, labels),
            "transitions": all_transitions(workflow, labels),
            "ticket_types": _ticket_types(workflow),
            "versions": versions_of(workflow),
            "notices": [each for each in version_notices.ask(request, workflow) if each],
            "buttons": buttons_of(request, workflow),
            "roles_without_people": _roles_without_people(workflow),
            "may_change": may_change,
            "file_types": list(FileType),
            "may_see_tasks": request.user.has_perm("workflows.view_taskdefinition"),
            "problems": problems,
            "refusals": [each for each in problems if each.is_error],
        }

    # Buttons

    def get_urls(self) -> list[URLPattern]:
        def own(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        prefix = "workflows_workflowdefinition"
        return [
            path("import/", own(ImportPage.as_view(model_admin=self)), name=f"{prefix}_import"),
            *import_run_urls(self),
            path("<int:object_id>/publish/", own(self.publish_view), name=f"{prefix}_publish"),
            path("<int:object_id>/download/", own(self.download_view), name=f"{prefix}_download"),
            *editor_urls(self),
            *gallery_urls(self),
            *super().get_urls(),
        ]

    def publish_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Publish a draft; what is wrong with it stands on its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        workflow, user = self._to_change(request, object_id)
        try:
            publish_workflow(workflow=workflow, user=user)
        except WorkflowsError as error:
            messages.error(request, str(error))
        else:
            words = {"title": workflow.title, "version": workflow.version}
            text = _("Version %(version)s of “%(title)s” is published.") % words
            messages.success(request, text)
        return redirect(admin_link(workflow))

    def download_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The definition as a bundle, in the format of `?format=` (JSON unless it says)."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        workflow = self.find(request, str(object_id))
        kind = file_type(request.GET.get("format", FileType.JSON))
        content = write_document(export_bundle(workflow=workflow), kind)
        return download(content, f"{workflow.key}-v{workflow.version}.{kind}", kind)

    def _to_change(self, request: HttpRequest, object_id: int) -> tuple[WorkflowDefinition, User]:
        if not may_change_workflows(request) or not isinstance(request.user, User):
            raise PermissionDenied
        workflow: WorkflowDefinition = self.find(request, str(object_id))
        return workflow, request.user


def may_import(request: HttpRequest) -> bool:
    return active_company(request) is not None and request.user.has_perm(
        "workflows.add_workflowdefinition"
    )


def _ticket_types(workflow: WorkflowDefinition) -> QuerySet[TicketDefinition]:
    return workflow.ticket_definitions.prefetch_related("roles_with_access").order_by("title")


def _roles_without_people(workflow: WorkflowDefinition) -> list[CompanyRole]:
    """The company roles whose tasks would wait, because no task worker is in them."""
    if workflow.status == DefinitionStatus.RETIRED:
        return []
    forms = workflow.tasks.filter(task_type=TaskType.FORM)
    roles = CompanyRole.objects.filter(task_definitions__in=forms).distinct().order_by("name")
    filled = set(eligible_workers(None).values_list("company_roles", flat=True))
    return [role for role in roles if role.pk not in filled]
