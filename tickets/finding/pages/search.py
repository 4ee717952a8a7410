"""What a search in a list of tickets, tasks or errors finds besides the words of its rows."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from tickets.models.ticket import ticket_id_in


def add_number(
    queryset: QuerySet[Any], found: QuerySet[Any], term: str, field: str
) -> QuerySet[Any]:
    """What a search found, and the row of the ticket whose number was typed (12, #12, ACME-12)."""
    number = ticket_id_in(term)
    return found if number is None else found | queryset.filter(Q(**{field: number}))
