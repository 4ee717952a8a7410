from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tenants.names import LONGEST_NAME, plain_name
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import WholeBundle, lock_definitions
from workflows.bundles.unfinished import new_workflow_document
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.values.storable import unstorable
from workflows.errors import NoTitleError
from workflows.models import TicketDefinition, WorkflowDefinition

CREATED = declare("definitions.created", gettext_lazy("Created a workflow"))

LONGEST_KEY = 63


@transaction.atomic
def create_workflow(*, title: str, user: User | None) -> WorkflowDefinition:
    """Create a workflow as a draft: one form, and a ticket type that starts it.

    Raises:
        NoTitleError: the title is empty or too long.
    """
    lock_definitions()
    title = _plain_title(title)
    return _save_new_workflow(
        new_workflow_document(key=_unused_key_for(title), title=title), user=user
    )


@transaction.atomic
def duplicate_workflow(*, workflow: WorkflowDefinition, user: User | None) -> WorkflowDefinition:
    """Make a new workflow, as a draft, with the content of a version; its keys are its own."""
    lock_definitions()
    document = export_bundle(workflow=workflow)
    title = _copy_of(workflow.title)
    key = _unused_key_for(title)
    taken = _KnownTicketTypes()
    types: list[Json] = []
    renamed: dict[str, str] = {}
    for each in objects_in(document.get("ticket_types")):
        own = _first_unused_key(f"{each['key']}_copy", taken)
        taken.names.add(own)
        renamed[str(each["key"])] = own
        types.append({**each, "key": own, "title": _copy_of(str(each["title"]))})
    tests: list[Json] = []
    for each in objects_in(document.get("tests")):
        used = str(each.get("ticket_type", ""))
        tests.append({**each, "ticket_type": renamed[used]} if used in renamed else each)
    own_workflow: Json = document["workflow"]
    values = own_workflow if isinstance(own_workflow, dict) else {}
    copy: JsonObject = {
        **document,
        "workflow": {**values, "key": key, "title": title},
        "ticket_types": types,
        "tests": tests,
    }
    return _save_new_workflow(copy, user=user)


@transaction.atomic
def edit_workflow(*, workflow: WorkflowDefinition, user: User | None) -> WorkflowDefinition:
    """The draft in which a version is changed: itself, a later one that there is, or a new one."""
    lock_definitions()
    workflow.refresh_from_db()
    if workflow.is_draft:
        return workflow
    drafts = WorkflowDefinition.objects.versions_of(workflow.key).drafts()
    later = drafts.filter(version__gt=workflow.version).first()
    return later or new_draft(workflow=workflow, user=user)


def _save_new_workflow(document: JsonObject, *, user: User | None) -> WorkflowDefinition:
    bundle = WholeBundle(document)
    made = bundle.make_draft(bundle.make_roles(), user=user)
    record(CREATED, about=made, person=user, key=made.key, version=made.version)
    return made


def _plain_title(title: str) -> str:
    plain = plain_name(" ".join(title.split()))
    if not plain or len(plain) > LONGEST_NAME or any(unstorable(title)):
        raise NoTitleError(most=LONGEST_NAME)
    return plain


def _copy_of(title: str) -> str:
    return (_("Copy of %(title)s") % {"title": title})[:LONGEST_NAME].strip()


class _KnownTicketTypes(Container[str]):
    """The keys that ticket types of this company have, and those given out since."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __contains__(self, key: object) -> bool:
        return key in self.names or TicketDefinition.objects.filter(key=key).exists()


class _KnownKeys(_KnownTicketTypes):
    """The same, with the keys of workflows: a new workflow gives its key to its ticket type."""

    def __contains__(self, key: object) -> bool:
        return (
            super().__contains__(key) or WorkflowDefinition.objects.versions_of(str(key)).exists()
        )


def _unused_key_for(title: str) -> str:
    return _first_unused_key(key_of(title), _KnownKeys())


def key_of(title: str) -> str:
    """A key made from a title: “Größere Käufe” becomes `grossere_kaufe`."""
    plain = unicodedata.normalize("NFKD", title.lower().replace("ß", "ss"))
    letters = plain.encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")[:LONGEST_KEY].strip("_")
    return key if key[:1].isalpha() else f"w_{key}"[:LONGEST_KEY].strip("_")


def _first_unused_key(wanted: str, taken: Container[str]) -> str:
    """The key, with a number where it is taken."""
    key, number = wanted[:LONGEST_KEY], 1
    while key in taken:
        number += 1
        key = f"{wanted[: LONGEST_KEY - len(str(number)) - 1]}_{number}"
    return key
