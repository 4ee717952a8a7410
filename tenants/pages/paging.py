"""Lists that may be long: their rows are counted as far as somebody leafs, and no further."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property

from tenants.pages.numbers import number_in

# How many pages beyond the one that is shown are counted, and looked for at most.
PAGES_AHEAD: Final = 20
LAST_PAGE: Final = 1_000_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Says how many rows there are, up to `most`; `is_capped` that there are more."""

    most: int
    is_capped = False

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        found = int(rows.order_by()[: self.most + 1].count())
        self.is_capped = found > self.most
        return min(found, self.most)


def capped_paginator(
    request: HttpRequest, rows: Any, per_page: int, *, orphans: int, allow_empty: bool
) -> CappedPaginator:
    """Counts to the page that the address asks for, and PAGES_AHEAD more."""
    paginator = CappedPaginator(
        rows, per_page, orphans=orphans, allow_empty_first_page=allow_empty
    )
    page = min(number_in(request.GET.get("p", "")) or 1, LAST_PAGE)
    paginator.most = (page + PAGES_AHEAD) * per_page
    return paginator
