"""The ticket type that a program names by its key, where it is offered to somebody."""

from __future__ import annotations

from tenants.fast.prepared import PreparedQuery, text_in
from tenants.models import User
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of

# As its page has it: what every program asks before it submits.
MAY_SUBMIT = ("tickets.add_myticket",)
_offered = PreparedQuery(
    lambda key, user_id: TicketDefinition.objects.open_to(user_id).filter(key=text_in(key)),
    slots=2,
)


def type_offered_to(person: User, key: str) -> TicketDefinition | None:
    """The active version of a ticket type, with its workflow; None: it is not offered to them."""
    if "\0" in key or not person.has_perms(MAY_SUBMIT):
        return None
    found = _offered.first(key, person.pk)
    if found is not None:
        found.workflow = definition_of(found.workflow_id).workflow
    return found
