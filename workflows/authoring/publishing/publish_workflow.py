from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import chain

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.definitions.export_bundle import (
    export_bundle,
    ticket_types_of,
    with_types_of_published,
)
from workflows.authoring.definitions.next_version import lock_definitions, next_ticket_type_version
from workflows.authoring.importing.import_bundle import problems_here
from workflows.authoring.publishing.certain_approvals import certain_approval_problems
from workflows.authoring.publishing.definition_changed import DEFINITION_CHANGED
from workflows.authoring.publishing.more_problems import MORE_PROBLEMS
from workflows.authoring.ticket_types.starts_moved import STARTS_MOVED
from workflows.authoring.trying.run_test_cases import run_test_cases_of_document
from workflows.bundles import errors_of, test_case_failures
from workflows.bundles.document.errors import NotPublishableError
from workflows.bundles.document.problems import Problem
from workflows.errors import NotADraftError
from workflows.models import TicketDefinition, WorkflowDefinition
from workflows.models.version_checksum import checksums

PUBLISHED = declare("definitions.published", _("Published a workflow"))


@transaction.atomic
def publish_workflow(
    *,
    workflow: WorkflowDefinition,
    user: User | None,
    now: datetime | None = None,
    first: Callable[[WorkflowDefinition], None] | None = None,
) -> WorkflowDefinition:
    """Make a draft the version that new tickets start; the published one before it is retired.

    The draft's ticket types become active. Types of the workflow that the draft does not
    list are offered no more; where it lists none at all, those that are active move on to
    the new version. Tickets that run finish on the version that they started with.

    `first` is called with the draft under the locks, before anything is written: what it raises
    refuses all of it.

    Raises:
        NotADraftError: it is published or retired already.
        NotPublishableError: the definition has errors; it has every problem.
    """
    lock_definitions()
    draft = WorkflowDefinition.objects.select_for_update().get(pk=workflow.pk)
    if not draft.is_draft:
        raise NotADraftError
    if first is not None:
        first(draft)
    problems = publishing_problems(workflow=draft, user=user)
    if errors_of(problems):
        raise NotPublishableError(problems)
    own = ticket_types_of(draft)
    now = now or timezone.now()
    _retire_published(draft.key, by=user, now=now)
    draft.publish(by=user, now=now)
    draft.checksum = checksums([draft.pk])[draft.pk]
    draft.save(update_fields=["status", "published_by", "published_at", "checksum", "updated_at"])
    keys = _move_ticket_types(draft, own, user=user)
    STARTS_MOVED.call_all(keys, user)
    DEFINITION_CHANGED.call_all(draft, user)
    record(PUBLISHED, about=draft, person=user, key=draft.key, version=draft.version)
    return draft


def publishing_problems(*, workflow: WorkflowDefinition, user: User | None = None) -> list[Problem]:
    """What stands in the way of publishing a draft, warnings too, if this person does it.

    Test cases run where nothing else is wrong; one that does not pass is an error.
    """
    document = with_types_of_published(workflow.key, export_bundle(workflow=workflow))
    problems = problems_here(document, is_published=True)
    if not errors_of(problems):
        problems += certain_approval_problems(document, is_published=True)
        problems += chain.from_iterable(MORE_PROBLEMS.call_all(document, user))
    if errors_of(problems):
        return problems
    return problems + test_case_failures(document, run_test_cases_of_document(document))


def _retire_published(key: str, *, by: User | None, now: datetime) -> None:
    published = WorkflowDefinition.objects.versions_of(key).published().select_for_update().first()
    if published is not None:
        published.retire(by=by, now=now)
        published.save(update_fields=["status", "retired_by", "retired_at", "updated_at"])


def _move_ticket_types(
    draft: WorkflowDefinition, own: list[TicketDefinition], *, user: User | None
) -> set[str]:
    """Returns the keys of those that are offered now, and of those that were."""
    active = TicketDefinition.objects.active().filter(workflow__key=draft.key)
    old = list(active.prefetch_related("roles_with_access").order_by("pk"))
    # First the old ones: at most one version of a key is active at any moment.
    TicketDefinition.objects.filter(pk__in=[each.pk for each in old]).update(
        is_active=False, updated_at=timezone.now()
    )
    new = own or [_moved(each, to=draft, user=user) for each in old]
    TicketDefinition.objects.filter(pk__in=[each.pk for each in new]).update(
        is_active=True, updated_at=timezone.now()
    )
    return {each.key for each in (*old, *new)}


def _moved(
    definition: TicketDefinition, *, to: WorkflowDefinition, user: User | None
) -> TicketDefinition:
    """A new version of a ticket type that starts another version of its workflow."""
    copy = TicketDefinition.objects.create(
        key=definition.key,
        version=next_ticket_type_version(definition.key),
        title=definition.title,
        description=definition.description,
        ext_ref=definition.ext_ref,
        workflow=to,
        presets=definition.presets,
        priority=definition.priority,
        priority_from=definition.priority_from,
        icon=definition.icon,
        reopen_days=definition.reopen_days,
        asks_rating=definition.asks_rating,
        starts=definition.starts,
        public_for=definition.public_for,
        edit_layout=definition.edit_layout,
        display_layout=definition.display_layout,
        created_by=user,
    )
    copy.roles_with_access.set(definition.roles_with_access.all())
    return copy
