from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.importing.import_bundle import lock_definitions
from workflows.authoring.ticket_types.change_ticket_type import ensure_texts
from workflows.engine.process import JsonObject
from workflows.errors import PresetsRefusedError, TicketTypeKeyTakenError, WorkflowNotPublishedError
from workflows.fields.answers.presets import check_presets
from workflows.fields.answers.validation import validator_for
from workflows.fields.in_database.look_up import facts_for
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition

TICKET_TYPE_ADDED = declare("definitions.ticket_type_added", _("Added a ticket type"))


@transaction.atomic
def add_ticket_type(
    *,
    workflow: WorkflowDefinition,
    key: str,
    title: str,
    description: str = "",
    presets: JsonObject | None = None,
    roles: Iterable[CompanyRole] = (),
    is_active: bool = True,
    user: User | None,
) -> TicketDefinition:
    """Let people submit tickets of one more type to a published workflow.

    It belongs to this version, and so to the next draft, which is a copy of it.

    Raises:
        WorkflowNotPublishedError: only what is published can be submitted; a draft has its own.
        TicketTypeKeyTakenError: another ticket type of the company has this key.
        PresetsRefusedError: the workflow's form does not accept them.
        ValidationError: the key, the title or the description cannot be one.
    """
    lock_definitions()
    published = WorkflowDefinition.objects.get(pk=workflow.pk)
    if not published.is_published:
        raise WorkflowNotPublishedError
    if TicketDefinition.objects.filter(key=key).exists():
        raise TicketTypeKeyTakenError
    form = validator_for(published.fields, presets=presets)
    for problem in check_presets(published.fields, presets or {}, facts=facts_for(form, {})):
        raise PresetsRefusedError(problem)
    definition = TicketDefinition(
        key=key,
        title=title,
        description=description,
        workflow=published,
        presets=presets or {},
        is_active=is_active,
        created_by=user,
    )
    ensure_texts(definition)
    definition.clean_fields(exclude=["ext_ref", "presets", "created_by"])
    definition.save(force_insert=True)
    given = list(roles)
    definition.roles_with_access.set(given)
    record(
        TICKET_TYPE_ADDED,
        about=definition,
        person=user,
        key=key,
        workflow=str(published),
        presets=definition.presets,
        is_active=is_active,
        roles_with_access=sorted(role.name for role in given),
    )
    return definition
