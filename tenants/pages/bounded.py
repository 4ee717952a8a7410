"""Lists of which the newest rows are shown: what a page costs does not grow with what there is."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import QuerySet

MOST_LISTED: Final = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than MOST_LISTED."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return int(self.object_list.order_by()[:MOST_LISTED].count())
