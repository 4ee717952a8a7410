from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import lock_definitions
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.task_definitions.check_tasks import put_into
from workflows.bundles import errors_of
from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.errors import NotStorableError
from workflows.bundles.task_sets import task_set_problems
from workflows.errors import DraftChangedError, DraftThereError, NotADraftError
from workflows.models import WorkflowDefinition
from workflows.workbooks import Reading

TASKS_SAVED = declare("definitions.tasks_saved", _("Uploaded task definitions"))


@transaction.atomic
def save_tasks(*, tasks: Reading, user: User | None, seen: SeenDraft) -> WorkflowDefinition:
    """Put task definitions into a version as it was seen, all of them or none.

    A draft stays the same version; of a published version the next draft is made. Tasks with keys
    that it has are replaced, those with new keys added; everything else stays as it is. What
    changes nothing saves nothing: the version is returned as it is.

    Raises:
        NotStorableError: there are problems that must be corrected first; it has every problem.
        NotADraftError: the version was published, retired or deleted in the meantime.
        DraftChangedError: somebody has saved the draft in the meantime; it says who.
        DraftThereError: somebody has made a draft of the published version in the meantime.
    """
    lock_definitions()
    workflow = _as_seen(seen)
    whole = export_bundle(workflow=workflow)
    refused = task_set_problems(tasks.document, key=workflow.key)
    if refused:
        raise NotStorableError(tasks.check(refused))
    put = put_into(whole, tasks)
    if errors_of(put.problems):
        raise NotStorableError(put.problems)
    bundle = put.bundle
    old, new = bundle.comparable_with(workflow)
    if as_text(old) == as_text(new):
        return workflow
    if workflow.is_draft:
        draft = bundle.replace_draft(workflow, user=user)
    else:
        draft = bundle.make_draft(bundle.make_roles(), user=user)
    record(TASKS_SAVED, about=draft, person=user, key=draft.key, version=draft.version)
    return draft


def _as_seen(seen: SeenDraft) -> WorkflowDefinition:
    versions = WorkflowDefinition.objects.select_for_update()
    workflow = versions.filter(pk=seen.pk).first()
    if workflow is None or not (workflow.is_draft or workflow.is_published):
        raise NotADraftError
    if workflow.updated_at != seen.updated_at:
        if workflow.is_published:
            raise NotADraftError
        raise DraftChangedError(by=workflow.changed_by, at=workflow.updated_at)
    drafts = WorkflowDefinition.objects.versions_of(workflow.key).drafts()
    later = drafts.filter(version__gt=workflow.version).first()
    if workflow.is_published and later is not None:
        by = later.changed_by or later.created_by
        raise DraftThereError(pk=later.pk, version=later.version, by=by, at=later.updated_at)
    return workflow
