from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.names import plain_name
from workflows.authoring.ticket_types.starts_moved import STARTS_MOVED
from workflows.engine.values.composed import composed_text
from workflows.engine.values.storable import unstorable
from workflows.errors import (
    AnotherVersionActiveError,
    TicketTypeChangedError,
    WorkflowNotPublishedError,
)
from workflows.models import CompanyRole, DefinitionStatus, TicketDefinition

TICKET_TYPE_CHANGED = declare(
    "definitions.ticket_type_changed", gettext_lazy("Changed a ticket type, or who may submit it")
)

LONGEST_DESCRIPTION: Final = 20_000  # as in a bundle


def change_ticket_type(
    *,
    definition: TicketDefinition,
    roles: Iterable[CompanyRole],
    is_active: bool,
    title: str | None = None,
    description: str | None = None,
    expected: str | None = None,
) -> TicketDefinition:
    """Say who may submit a ticket type, whether it is offered at all, and what it is called.

    No roles: everybody who may submit tickets. None for `title` or `description`: it stays.
    What the type asks for and the workflow that it starts belong to its version, and do not
    change. Tickets that run are not touched. `expected` is what `ticket_type_marker` gave when
    the page was shown.

    Raises:
        TicketTypeChangedError: somebody changed it after the page was shown.
        AnotherVersionActiveError: it shall be active, and another version of its key is.
        WorkflowNotPublishedError: it shall be active, and its workflow is not published.
        ValidationError: the title or the description cannot be one.
    """
    with transaction.atomic():
        # All versions, in one order: at most one of them is active, and two people may
        # switch two of them at the same moment.
        versions = TicketDefinition.objects.filter(key=definition.key)
        locked = {
            each.pk: each
            for each in versions.select_related("workflow")
            .select_for_update(of=("self",))
            .order_by("pk")
        }
        own = locked[definition.pk]
        if expected is not None and expected != ticket_type_marker(own):
            raise TicketTypeChangedError
        if is_active and not own.is_active:
            _ensure_may_be_active(own, locked.values())
        before = _logged(own, own.roles_with_access.all())
        own.is_active = is_active
        own.title = own.title if title is None else title
        own.description = own.description if description is None else description
        ensure_texts(own)
        own.save(update_fields=["is_active", "title", "description", "updated_at"])
        given = list(roles)
        if own.is_active != before["is_active"]:
            STARTS_MOVED.call_all({own.key}, None)
        own.roles_with_access.set(given)
        changes = changed(before, _logged(own, given))
        if changes:
            record(TICKET_TYPE_CHANGED, about=own, changes=changes, key=own.key)
    return own


def _logged(definition: TicketDefinition, roles: Iterable[CompanyRole]) -> dict[str, object]:
    """What the audit log compares."""
    return {
        "title": definition.title,
        "description": definition.description,
        "is_active": definition.is_active,
        "roles_with_access": sorted(role.name for role in roles),
    }


def ticket_type_marker(definition: TicketDefinition) -> str:
    """What a page that shows the ticket type was made of."""
    return str(int(definition.updated_at.timestamp() * 1_000_000))


def ensure_texts(definition: TicketDefinition) -> None:
    """Raise ValidationError where its title or description is none that a bundle can have."""
    definition.title = plain_name(definition.title)
    definition.description = composed_text(definition.description)
    definition.clean_fields(
        exclude=[
            each.name
            for each in definition._meta.fields
            if each.name not in {"title", "description"}
        ]
    )
    if len(definition.description) > LONGEST_DESCRIPTION:
        message = _("At most %(most)d characters.") % {"most": LONGEST_DESCRIPTION}
        raise ValidationError({"description": message})
    for name in ("title", "description"):
        for _path, problem in unstorable(getattr(definition, name)):
            raise ValidationError({name: problem})


def _ensure_may_be_active(own: TicketDefinition, versions: Iterable[TicketDefinition]) -> None:
    other = next((each for each in versions if each.is_active and each.pk != own.pk), None)
    if other is not None:
        raise AnotherVersionActiveError(version=other.version)
    if own.workflow.status != DefinitionStatus.PUBLISHED:
        raise WorkflowNotPublishedError
