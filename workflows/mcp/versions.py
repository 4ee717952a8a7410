"""Which version of a workflow a tool is about."""

from __future__ import annotations

from typing import Final

from tenants.mcp.errors import NothingThereError
from tenants.mcp.tool import Call, JsonObject
from workflows.models import WorkflowDefinition

WORKFLOW: Final[JsonObject] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "description": "The key of the workflow, as list_workflows says it.",
}
VERSION: Final[JsonObject] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 2**31 - 1,
    "description": "Which version; left out: the newest draft, else the one that is published.",
}


def version_of(call: Call) -> WorkflowDefinition:
    """The version that the arguments name.

    Raises:
        NothingThereError: this company has none such.
    """
    versions = WorkflowDefinition.objects.with_tasks_and_transitions()
    versions = versions.filter(key=call.text("workflow")).order_by("-version")
    if "version" in call.arguments:
        found = versions.filter(version=call.number("version")).first()
    else:
        newest = versions.first()
        is_draft = newest is not None and newest.is_draft
        found = newest if is_draft else versions.published().first() or newest
    if found is None:
        raise NothingThereError
    return found


def version_as_json(workflow: WorkflowDefinition) -> JsonObject:
    return {
        "key": workflow.key,
        "version": workflow.version,
        "title": workflow.title,
        "status": workflow.status,
        "updated_at": workflow.updated_at.isoformat(),
    }
