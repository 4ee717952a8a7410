"""The task definitions of a version as a file, to keep or to change and upload again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.audit.record import record
from tenants.pages.buttons import ListButton
from tenants.pages.page import Page, register_page
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.pages.download_page import DOWNLOADED, download, file_type
from workflows.bundles.task_sets import tasks_of
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.workbooks import FileType, write_tasks

NAMES = {
    FileType.XLSX: gettext_lazy("Workbook for Excel (.xlsx)"),
    FileType.ODS: gettext_lazy("Workbook for LibreOffice (.ods)"),
    FileType.JSON: gettext_lazy("JSON"),
    FileType.YAML: gettext_lazy("YAML"),
}


if TYPE_CHECKING:
    _VersionField = forms.ModelChoiceField[WorkflowDefinition]
else:
    _VersionField = forms.ModelChoiceField


class VersionField(_VersionField):
    """The versions that there are."""

    def label_from_instance(self, obj: WorkflowDefinition) -> str:
        return f"{obj}, {obj.get_status_display()}"


class DownloadTasksForm(forms.Form):
    """Which version, and as what kind of file."""

    workflow = VersionField(
        label=gettext_lazy("Workflow"),
        queryset=WorkflowDefinition.objects.none(),
        empty_label=gettext_lazy("Choose a workflow"),
        widget=UnfoldAdminSelectWidget,
    )
    format = forms.ChoiceField(
        label=gettext_lazy("File"), choices=list(NAMES.items()), widget=UnfoldAdminSelectWidget
    )

    @classmethod
    def of(cls, workflow: WorkflowDefinition | None) -> DownloadTasksForm:
        form = cls(initial={"workflow": workflow})
        versions = WorkflowDefinition.objects.order_by("title", "key", "-version")
        form.fields["workflow"].queryset = versions  # type: ignore[attr-defined]
        return form


@register_page(TaskDefinition, "download/", name="workflows_taskdefinition_download")
class DownloadTasksPage(Page):
    """The tasks of the version `?workflow=` (with `&task=` the one with this key) as `&format=`.

    Without them it asks.
    """

    permissions = ("workflows.view_taskdefinition", "workflows.view_workflowdefinition")
    http_method_names = ["get"]
    title = gettext_lazy("Download task definitions")
    template_name = "task_definitions/download.html"
    list_button = ListButton(
        gettext_lazy("Download"), icon="download", order=20, only_where_roomy=True
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET
        workflow = _version(asked["workflow"]) if asked.get("workflow") else None
        if workflow is None or "format" not in asked:
            return self.show(form=DownloadTasksForm.of(workflow))
        kind = file_type(asked["format"])
        keys = {asked["task"]} if asked.get("task") else None
        whole = export_bundle(workflow=workflow)
        tasks = tasks_of(whole, keys=keys)
        if keys and not tasks.get("tasks"):
            raise Http404
        name = f"{workflow.key}-v{workflow.version}-{asked['task'] if keys else _('tasks')}.{kind}"
        content = write_tasks(tasks, kind, around=whole)
        record(DOWNLOADED, about=workflow, file=name)
        return download(content, name, kind)


def _version(pk: str) -> WorkflowDefinition:
    if not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
        raise Http404
    found = WorkflowDefinition.objects.filter(pk=int(pk)).first()
    if found is None:
        raise Http404
    return found
