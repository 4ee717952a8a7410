from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.ticket_types.change_ticket_type import ticket_type_marker
from workflows.authoring.ticket_types.starts_moved import STARTS_MOVED
from workflows.bundles.checks.starts import problems_of_start
from workflows.engine.starts import StartSpec, starts_of
from workflows.errors import StartsRefusedError, TicketTypeChangedError, TicketTypeNotOfferedError
from workflows.fields.answers.validation import validator_for
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TicketDefinition

STARTS_CHANGED = declare(
    "definitions.starts_changed", gettext_lazy("Changed when tickets of a type start by themselves")
)
MOST_STARTS: Final = 50  # as in a bundle


def change_starts(
    *,
    definition: TicketDefinition,
    starts: Sequence[StartSpec],
    user: User | None,
    expected: str | None = None,
) -> TicketDefinition:
    """Say when tickets of a type that is offered start by themselves.

    It belongs to the type and not to its form, so that no new version is needed. `expected` is
    what `ticket_type_marker` gave when the page was shown.

    Raises:
        TicketTypeChangedError: somebody changed it after the page was shown.
        TicketTypeNotOfferedError: it is not offered (any more).
        StartsRefusedError: one of them cannot be; it has the first problem.
    """
    with transaction.atomic():
        locked = TicketDefinition.objects.select_related("workflow").select_for_update(of=("self",))
        own = locked.get(pk=definition.pk)
        if not own.is_active:
            raise TicketTypeNotOfferedError
        if expected is not None and expected != ticket_type_marker(own):
            raise TicketTypeChangedError
        _ensure_possible(own, starts)
        before = {each.key: each for each in starts_of(own.starts)}
        after = {each.key: each for each in starts}
        if before == after:
            return own
        own.starts = [each.entry for each in starts]
        own.save(update_fields=["starts", "updated_at"])
        names = {key for key in (*before, *after) if before.get(key) != after.get(key)}
        record(STARTS_CHANGED, about=own, person=user, key=own.key, starts=sorted(names))
        STARTS_MOVED.call_all({own.key}, user)
    return own


def _ensure_possible(own: TicketDefinition, starts: Sequence[StartSpec]) -> None:
    if len(starts) > MOST_STARTS or len({each.key for each in starts}) < len(starts):
        raise StartsRefusedError(key="")
    form = validator_for(own.workflow.fields, presets=own.presets)
    for each in starts:
        for problem in problems_of_start(each, form, facts_for(form, each.answers)):
            raise StartsRefusedError(problem.message, key=each.key)
