"""A definition as a file."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.pages.buttons import Button
from tenants.pages.page import ObjectPage, register_page
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.models import WorkflowDefinition
from workflows.workbooks import FileType, write_document

DOWNLOADED = declare("files.definition_downloaded", gettext_lazy("Downloaded a definition"))


@register_page(
    WorkflowDefinition,
    "<int:object_id>/download/",
    name="workflows_workflowdefinition_download",
)
class DownloadPage(ObjectPage):
    """The definition as a bundle, in the format of `?format=` (JSON unless it says)."""

    permissions = ("workflows.view_workflowdefinition",)
    button = Button(
        gettext_lazy("Download"),
        icon="download",
        order=40,
        template="definitions/_download.html",
    )

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        workflow: WorkflowDefinition = self.object
        kind = file_type(request.GET.get("format", FileType.JSON))
        content = write_document(export_bundle(workflow=workflow), kind)
        name = f"{workflow.key}-v{workflow.version}.{kind}"
        record(DOWNLOADED, about=workflow, file=name)
        return download(content, name, kind)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """A form may ask for it, too."""
        return self.get(request, **arguments)


def download(content: bytes, filename: str, file_type: FileType) -> HttpResponse:
    """A definition as a file to keep."""
    disposition = content_disposition_header(True, filename) or "attachment"
    return HttpResponse(
        content,
        content_type=file_type.media_type,
        headers={"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"},
    )


def file_type(name: str) -> FileType:
    """The format of an address.

    Raises:
        Http404: there is none of this name. (1 was what JSON's was called.)
    """
    if name == "1":
        return FileType.JSON
    if name not in list(FileType):
        raise Http404
    return FileType(name)
