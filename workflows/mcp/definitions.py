"""Reading workflows, and keeping drafts of them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from tenants.mcp.errors import ArgumentProblem, WrongArgumentsError
from tenants.mcp.once import NothingDone, record_act, run_once
from tenants.mcp.tool import Call, JsonObject, Tool
from tenants.pages.links import admin_link
from tenants.tokens.scopes import Scope
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.findings import CheckedFile, check_file
from workflows.authoring.importing.import_bundle import import_bundle, newest_draft
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.bundles import errors_of
from workflows.bundles.document.errors import InvalidBundleError
from workflows.errors import DraftThereError
from workflows.mcp.as_json import ANY_OBJECT, FLAG, OBJECTS, TEXT, WHOLE, cut, result_of
from workflows.mcp.versions import VERSION, WORKFLOW, version_as_json, version_of
from workflows.models import DefinitionStatus, WorkflowDefinition

MOST_WORKFLOWS: Final = 100
DOCUMENT: Final[JsonObject] = {
    "type": "object",
    "description": (
        "The whole process as one document: a TicketFlower bundle, as ticketflower://format "
        "describes it and ticketflower://schema says it as JSON Schema."
    ),
}


def _list_workflows(call: Call) -> JsonObject:
    found: QuerySet[WorkflowDefinition] = WorkflowDefinition.objects.defer("fields", "test_cases")
    if not call.arguments.get("with_retired"):
        found = found.exclude(status=DefinitionStatus.RETIRED)
    rows = list(found.order_by("title", "key", "-version")[: MOST_WORKFLOWS + 1])
    return {
        "workflows": [
            {**version_as_json(each), "description": cut(each.description)}
            for each in rows[:MOST_WORKFLOWS]
        ],
        "is_cut": len(rows) > MOST_WORKFLOWS,
    }


LIST_WORKFLOWS: Final = Tool(
    name="list_workflows",
    title="List workflows",
    description=(
        "The workflows of the company, a line for each version that is a draft or published, by "
        "title."
    ),
    scope=Scope.DEFINITIONS_READ,
    permissions=("workflows.view_workflowdefinition",),
    function=_list_workflows,
    arguments={
        "with_retired": {"type": "boolean", "description": "Versions that are retired, too."}
    },
    output=result_of(workflows=OBJECTS, is_cut=FLAG),
)


def _get_workflow(call: Call) -> JsonObject:
    workflow = version_of(call)
    return {**version_as_json(workflow), "document": export_bundle(workflow=workflow)}


_VERSION: Final = {"key": TEXT, "version": WHOLE, "title": TEXT, "status": TEXT, "updated_at": TEXT}
GET_WORKFLOW: Final = Tool(
    name="get_workflow",
    title="Get a workflow",
    description=(
        "One version of a workflow as one document, a bundle: its questions, tasks, transitions, "
        "ticket types, roles and test cases. To change a workflow, change this document, check it "
        "with check_bundle, and keep it with save_draft."
    ),
    scope=Scope.DEFINITIONS_READ,
    permissions=("workflows.view_workflowdefinition",),
    function=_get_workflow,
    arguments={"workflow": WORKFLOW, "version": VERSION},
    required=("workflow",),
    output=result_of(**_VERSION, document=ANY_OBJECT),
)


def checked(document: JsonObject) -> CheckedFile:
    """A document as the import page checks a file, other people's words for ours included.

    Raises:
        UnreadableBundleError: it is too large, or nested too deeply.
    """
    content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return check_file(content=content, filename="bundle.json")


def _save_draft(call: Call) -> JsonObject:
    return run_once(call, lambda: _saved(call))


def _saved(call: Call) -> JsonObject:
    found = checked(call.object("document"))
    if errors_of(found.problems):
        raise InvalidBundleError(found.problems)
    draft = found.preview.draft
    replaces = None
    if "replaces" in call.arguments:
        key = _key_of(found)
        replaces = _seen(newest_draft(key), _moment(call.text("replaces")))
    elif draft is not None:
        by, at = draft.changed_by or draft.created_by, draft.updated_at
        raise DraftThereError(pk=draft.pk, version=draft.version, by=by, at=at)
    made = import_bundle(
        document=found.document, user=call.person, replaces=replaces, makes_roles=False
    )
    result = {
        **version_as_json(made),
        "is_unchanged": found.preview.is_unchanged,
        "new_company_roles": found.preview.new_company_roles,
        "page": f"{call.address}{admin_link(made)}",
        "next": _(
            "It is a draft: nobody works by it. A person publishes it, on its page, after looking "
            "at what changes and at its test cases."
        ),
    }
    if made.updated_at < call.now:  # a version that has this content already
        raise NothingDone(result)
    record_act(call, about=made)
    return result


def _key_of(found: CheckedFile) -> str:
    document = found.document if isinstance(found.document, dict) else {}
    workflow = document.get("workflow")
    return str(workflow.get("key", "")) if isinstance(workflow, dict) else ""


def _seen(draft: WorkflowDefinition | None, updated_at: datetime) -> SeenDraft:
    # Without one: its service says that it was published or deleted meanwhile.
    return SeenDraft(draft.pk if draft is not None else 0, updated_at)


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or not is_aware(found):
        message = _("Give the “updated_at” of the draft, as get_workflow says it.")
        raise WrongArgumentsError([ArgumentProblem("replaces", message)])
    return found


SAVE_DRAFT: Final = Tool(
    name="save_draft",
    title="Save a draft",
    description=(
        "Keep a process as a draft: all of it or nothing. It must have no errors (check_bundle). "
        "Where the newest version of the workflow is a draft already, name it in `replaces`, and "
        "yours takes its place. Company roles that are not there are not made: an admin makes "
        "them first (new_company_roles of check_bundle). A draft changes nothing for anybody: a "
        "person publishes it."
    ),
    scope=Scope.DEFINITIONS_DRAFT,
    permissions=("workflows.add_workflowdefinition", "workflows.change_workflowdefinition"),
    function=_save_draft,
    is_dear=True,
    writes=True,
    arguments={
        "document": DOCUMENT,
        "replaces": {
            "type": "string",
            "maxLength": 40,
            "description": "The updated_at of the draft whose place it takes, as you read it.",
        },
    },
    required=("document",),
    output=result_of(
        **_VERSION,
        is_unchanged=FLAG,
        new_company_roles={"type": "array", "items": TEXT},
        page=TEXT,
        next=TEXT,
    ),
)
TOOLS: Final = (LIST_WORKFLOWS, GET_WORKFLOW, SAVE_DRAFT)
