from __future__ import annotations

from django.db import transaction

from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.editing.save_draft import DRAFT_SAVED, key_problem, save_draft
from workflows.authoring.importing.import_bundle import WholeBundle, lock_definitions
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.bundles.document.errors import NotStorableError
from workflows.bundles.unfinished import storage_problems, with_named_roles
from workflows.errors import DraftThereError
from workflows.models import WorkflowDefinition


@transaction.atomic
def carry_draft(
    *, key: str, document: object, user: User | None, replaces: SeenDraft | None = None
) -> WorkflowDefinition:
    """Keep what was typed into a draft that is none any more as the next draft of its workflow.

    `key` is that of the draft when it was opened. Where no version is left the document becomes a
    workflow of its own. A draft that is there already is replaced only as the person saw it.

    Raises:
        DraftThereError: the workflow has another draft, which nobody agreed to replace.
        NotStorableError: the document cannot be kept as it is; it has the problems.
    """
    lock_definitions()
    there = WorkflowDefinition.objects.versions_of(key).drafts().first()
    if there is not None:
        if replaces != SeenDraft.of(there):
            by = there.changed_by or there.created_by
            raise DraftThereError(pk=there.pk, version=there.version, by=by, at=there.updated_at)
        at = there.updated_at
        return save_draft(workflow=there, document=document, user=user, expected_updated_at=at)
    problems = storage_problems(document)
    if problems or not isinstance(document, dict):
        raise NotStorableError(problems)
    bundle = WholeBundle(with_named_roles(document))
    others = WorkflowDefinition.objects.versions_of(key)
    if problem := key_problem(key, bundle.key, document, is_fixed=others.exists()):
        raise NotStorableError([problem])
    draft = bundle.make_draft(bundle.make_roles(), user=user)
    record(DRAFT_SAVED, about=draft, person=user, key=draft.key, version=draft.version)
    return draft
