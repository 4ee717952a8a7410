"""What a search in a list of tickets, tasks or errors finds besides the words of its rows."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from tenants.pages.numbers import number_in


def add_number(
    queryset: QuerySet[Any], found: QuerySet[Any], term: str, field: str
) -> QuerySet[Any]:
    """What a search found, and the row of the ticket whose number was typed (with or without #)."""
    number = number_in(term.strip().removeprefix("#"))
    return found if number is None else found | queryset.filter(Q(**{field: number}))
