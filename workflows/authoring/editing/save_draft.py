from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.definitions.next_version import lock_definitions
from workflows.authoring.importing.whole_bundle import WholeBundle
from workflows.bundles.document.errors import NotStorableError
from workflows.bundles.document.problems import Problem, path_in_words
from workflows.bundles.unfinished import storage_problems, with_named_roles
from workflows.engine.process import JsonObject
from workflows.errors import DraftChangedError, NotADraftError
from workflows.models import WorkflowDefinition

DRAFT_SAVED = declare("definitions.draft_saved", gettext_lazy("Saved a draft of a workflow"))


@transaction.atomic
def save_draft(
    *,
    workflow: WorkflowDefinition,
    document: object,
    user: User | None,
    expected_updated_at: datetime,
    makes_roles: bool = True,
    only_if_changed: bool = False,
) -> WorkflowDefinition:
    """Replace a draft by this document, all of it or nothing; it stays the same version.

    With `only_if_changed` nothing is written or recorded where it has this content already:
    programs save again and again.

    The document may have problems, which publishing refuses; `storage_problems` says what must
    hold for it to be saved. Company roles that it names and the company does not have are made,
    where `makes_roles`.
    `expected_updated_at` is the draft's `updated_at` when the document was read: who saves
    second must not undo what the first has saved.

    Raises:
        NotADraftError: it was published in the meantime; a published version never changes.
        DraftChangedError: somebody has saved the draft in the meantime; it says who.
        NotStorableError: the document cannot be kept as it is; it has the problems.
        RolesNotThereError: it names company roles that are not there, and not `makes_roles`.
    """
    lock_definitions()
    draft = WorkflowDefinition.objects.select_for_update().get(pk=workflow.pk)
    if not draft.is_draft:
        raise NotADraftError
    if draft.updated_at != expected_updated_at:
        raise DraftChangedError(by=draft.changed_by, at=draft.updated_at)
    problems = storage_problems(document)
    if problems or not isinstance(document, dict):
        raise NotStorableError(problems)
    bundle = WholeBundle(with_named_roles(document))
    others = WorkflowDefinition.objects.versions_of(draft.key).exclude(pk=draft.pk)
    if problem := key_problem(draft.key, bundle.key, document, is_fixed=others.exists()):
        raise NotStorableError([problem])
    if not makes_roles:
        bundle.ensure_roles_exist()
    if only_if_changed and bundle.is_content_of(draft):
        return draft
    saved = bundle.replace_draft(draft, user=user)
    record(DRAFT_SAVED, about=saved, person=user, key=saved.key, version=saved.version)
    return saved


def key_problem(own: str, key: str, document: JsonObject, *, is_fixed: bool) -> Problem | None:
    """The key holds the versions together: only a workflow with one version may change it.

    `own` is the workflow's key until now; `is_fixed`: it has other versions.
    """
    if key == own:
        return None
    if is_fixed:
        message = _(
            "The key is “%(key)s” in every version of this workflow, and cannot change any more."
        ) % {"key": own}
    elif WorkflowDefinition.objects.versions_of(key).exists():
        message = _("Another workflow has the key “%(key)s”. Choose another.") % {"key": key}
    else:
        return None
    path = ("workflow", "key")
    return Problem(path, message, key, expected=own, where=path_in_words(document, path))
