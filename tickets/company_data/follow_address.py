"""Ticket types name people by their addresses: they follow them to another one."""

from __future__ import annotations

from django.db.models import Q

from tenants.account.addresses import NEW_ADDRESS
from tenants.models import User
from tenants.names import plain_email
from tickets.company_data.people_in_rows import IN_TICKET_TYPES, PeopleInRows
from workflows.engine.process import Json
from workflows.models import TicketDefinition

_TABLE = TicketDefinition._meta.db_table
_COLUMNS = (*IN_TICKET_TYPES, "presets")


@NEW_ADDRESS.register
def follow_address(person: User, old: str) -> None:
    """Of all versions, so that none names whoever gets the old address later.

    What versions of workflows say of people has their numbers: see kept_people.py.
    """

    def change(value: Json) -> Json:
        is_meant = isinstance(value, str) and plain_email(value) == old
        return person.email if is_meant else value

    named = Q()
    for column in _COLUMNS:
        named |= Q(**{f"{column}__icontains": old})
    types = TicketDefinition.objects.filter(named).select_for_update(no_key=True).order_by("pk")
    rows = list(types.values("id", "workflow_id", *_COLUMNS))
    if not rows:
        return
    for row, overlay in zip(rows, PeopleInRows(change).overlays(_TABLE, rows), strict=True):
        if overlay:
            TicketDefinition.objects.filter(pk=row["id"]).update(**overlay)
