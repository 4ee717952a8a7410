"""The task definitions on a version's page: each with its page, their list, and as a file."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from workflows.authoring.definitions.additions import Panel, panels
from workflows.authoring.task_definitions.changeable import version_to_change
from workflows.authoring.task_definitions.pages.upload_tasks_page import UploadTasksPage
from workflows.models import WorkflowDefinition


@panels.register
def tasks_panel(request: HttpRequest, workflow: WorkflowDefinition) -> Panel | None:
    """For whoever may see task definitions; the upload for whoever may change them."""
    if not request.user.has_perm("workflows.view_taskdefinition"):
        return None
    may_upload = UploadTasksPage.admits(request) and version_to_change(workflow) is not None
    context = {"workflow": workflow, "may_upload": may_upload}
    html = render_to_string("task_definitions/_panel.html", context, request)
    return Panel(html, order=5)
