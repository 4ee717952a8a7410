from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Model, ProtectedError, RestrictedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.audit.kinds import declare
from tenants.audit.record import record
from workflows.authoring.definitions import additions
from workflows.authoring.definitions.next_version import lock_definitions
from workflows.errors import DraftGoneError, DraftInUseError, NotADraftError
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition, WorkflowInstance

DRAFT_DELETED = declare("definitions.draft_deleted", gettext_lazy("Deleted a draft"))


@transaction.atomic
def delete_draft(*, workflow: WorkflowDefinition) -> None:
    """Delete a draft with its tasks, transitions and ticket types.

    Raises:
        NotADraftError: it is published or retired; somebody may have published it just now.
        DraftInUseError: something uses it; says what.
        DraftGoneError: somebody else has deleted it.
    """
    lock_definitions()
    draft = WorkflowDefinition.objects.select_for_update().filter(pk=workflow.pk).first()
    if draft is None:
        raise DraftGoneError
    if not draft.is_draft:
        raise NotADraftError
    uses = uses_of_draft(workflow=draft)
    if uses:
        raise DraftInUseError(uses)
    try:
        with transaction.atomic():
            record(DRAFT_DELETED, about=draft, key=draft.key, version=draft.version)
            TicketDefinition.objects.filter(workflow=draft).delete()
            draft.delete()
    except (ProtectedError, RestrictedError) as error:
        rows = (
            error.protected_objects
            if isinstance(error, ProtectedError)
            else error.restricted_objects
        )
        raise DraftInUseError(_named(rows)) from error


def uses_of_draft(*, workflow: WorkflowDefinition) -> list[str]:
    """Where a draft is used, a sentence each. There should be none: drafts start nothing."""
    types = TicketDefinition.objects.active().filter(workflow=workflow).order_by("title")
    return [
        *(use for uses in additions.uses_of_draft.call_all(workflow) for use in uses),
        *_runs_of(workflow),
        *(
            _("The ticket type “%(title)s” is active.") % {"title": title}
            for title in types.values_list("title", flat=True)
        ),
    ]


def _runs_of(workflow: WorkflowDefinition) -> Iterator[str]:
    """What runs on it and belongs to no ticket that is named already."""
    instances = WorkflowInstance.objects.filter(workflow=workflow, ticket=None).count()
    if instances:
        text = ngettext(
            "%(count)d workflow runs on it.", "%(count)d workflows run on it.", instances
        )
        yield text % {"count": instances}
    tasks = TaskInstance.objects.filter(definition__workflow=workflow)
    count = tasks.exclude(workflow_instance__workflow=workflow).count()
    if count:
        text = ngettext(
            "%(count)d task of a ticket was made from it.",
            "%(count)d tasks of tickets were made from it.",
            count,
        )
        yield text % {"count": count}


def _named(rows: Iterable[Model]) -> list[str]:
    counts = Counter(str(row._meta.verbose_name_plural) for row in rows)
    return [
        _("It is used by %(what)s: %(count)d.") % {"what": what, "count": count}
        for what, count in sorted(counts.items())
    ]
