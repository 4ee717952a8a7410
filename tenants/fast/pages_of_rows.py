"""A page of a long list: which rows stand on it by one statement, what they show by another."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def page_of(rows: QuerySet[Any], *, most: int) -> tuple[list[Any], int | None]:
    """The first of some rows, in their order, and the key of the last; None: no more follow.

    By one statement Postgres would join all that is shown to every row before it sorts them: lists
    join more tables than it puts into an order by itself.
    """
    keys = list(rows.values_list("pk", flat=True)[: most + 1])
    found = list(rows.filter(pk__in=keys[:most])) if keys else []
    return found, keys[most - 1] if len(keys) > most else None
