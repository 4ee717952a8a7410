"""Versions of workflows: new ones, copies, the draft of a version, and retiring one."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router

from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.names import LONGEST_NAME
from tenants.tokens.scopes import Scope
from workflows.api.definitions import (
    MAY_ADD,
    MAY_CHANGE,
    Version,
    version,
    version_as_read,
)
from workflows.authoring.editing.create_workflow import (
    create_workflow,
    duplicate_workflow,
    edit_workflow,
)
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.retire_workflow import retire_workflow as retire
from workflows.errors import WorkflowsError
from workflows.models import DefinitionStatus

router = Router(tags=["Workflows"])
MAY_BEGIN: Final = (*MAY_ADD, *MAY_CHANGE)


class NotRetiredError(WorkflowsError):
    message = _("This version is not retired.")


class Title(Sent):
    title: str = Field(min_length=1, max_length=LONGEST_NAME)


@operation(
    router, "POST", "/workflows/new", scope=Scope.DEFINITIONS_DRAFT, answer=Version, status=201,
    permissions=MAY_BEGIN, once=True,
)  # fmt: skip
def begin_workflow(request: HttpRequest, wanted: Title) -> Version:
    """Begin a workflow with nothing but a title: a draft with one form and a ticket type."""
    return Version.of(create_workflow(title=wanted.title, user=holder_in(request).user))


@operation(
    router, "POST", "/workflows/{workflow_id}/duplicate", scope=Scope.DEFINITIONS_DRAFT,
    answer=Version, status=201, permissions=MAY_BEGIN, once=True,
)  # fmt: skip
def duplicate(request: HttpRequest, workflow_id: Number) -> Version:
    """Make another workflow with the content of a version, as a draft."""
    user = holder_in(request).user
    return Version.of(duplicate_workflow(workflow=version(workflow_id), user=user))


@operation(
    router, "POST", "/workflows/{workflow_id}/draft", scope=Scope.DEFINITIONS_DRAFT,
    answer=Version, permissions=MAY_CHANGE, once=True,
)  # fmt: skip
def begin_draft(request: HttpRequest, workflow_id: Number) -> Version:
    """Have the draft in which a version is changed: itself, a later one, or a new one."""
    user = holder_in(request).user
    return Version.of(edit_workflow(workflow=version(workflow_id), user=user))


@operation(
    router, "POST", "/workflows/{workflow_id}/bring-back", scope=Scope.DEFINITIONS_DRAFT,
    answer=Version, status=201, permissions=MAY_CHANGE, once=True,
)  # fmt: skip
def bring_back(request: HttpRequest, workflow_id: Number) -> Version:
    """Begin a draft with the content of a retired version."""
    workflow = version(workflow_id)
    if workflow.status != DefinitionStatus.RETIRED:
        raise NotRetiredError
    return Version.of(new_draft(workflow=workflow, user=holder_in(request).user))


@operation(
    router, "POST", "/workflows/{workflow_id}/retire", scope=Scope.DEFINITIONS_PUBLISH,
    answer=Version, permissions=MAY_CHANGE, versioned=True,
)  # fmt: skip
def retire_workflow(request: HttpRequest, workflow_id: Number) -> Version:
    """Stop offering a workflow. Tickets that run go on to their end. No assistant does this."""
    with version_as_read(request, workflow_id) as workflow:
        return Version.of(retire(workflow=workflow, user=holder_in(request).user))
