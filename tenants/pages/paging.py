"""Lists that may be long: their rows are counted as far as somebody looks, and no further."""

from __future__ import annotations

from typing import Any, Final, cast

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import cached_property
from unfold.views import ChangeList

from tenants.pages.numbers import number_in

# A number that is only to be seen at a glance, such as that of a badge.
GLANCE: Final = 99
# How many pages beyond the one that is shown are counted, and looked for at most.
PAGES_AHEAD: Final = 20
LAST_PAGE: Final = 1_000_000


def count_up_to(rows: QuerySet[Any], most: int = GLANCE) -> int:
    """How many rows there are; `most` and one where there are more. Costs no more than so many."""
    return int(rows.order_by()[: most + 1].count())


def count_in_words(count: int, most: int = GLANCE) -> str:
    """What `count_up_to` has counted: “12”, or “99+”."""
    return f"{number_format(most)}+" if count > most else str(number_format(count))


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Says how many rows there are, up to `most`; `is_capped` that there are more."""

    most: int
    is_capped = False

    @cached_property
    def count(self) -> int:
        found = count_up_to(cast("QuerySet[Any]", self.object_list), self.most)
        self.is_capped = found > self.most
        return min(found, self.most)


def capped_paginator(
    request: HttpRequest, rows: Any, per_page: int, *, orphans: int, allow_empty: bool
) -> CappedPaginator:
    """Counts to the page that the address asks for, and PAGES_AHEAD more."""
    paginator = CappedPaginator(rows, per_page, orphans=orphans, allow_empty_first_page=allow_empty)
    page = min(number_in(request.GET.get("p", "")) or 1, LAST_PAGE)
    paginator.most = (page + PAGES_AHEAD) * per_page
    return paginator


class PagedChangeList(ChangeList):
    """Looks up which rows stand on the page, and only then what is shown of them.

    By one statement Postgres would join all that is shown to every row before it sorts them and
    takes those of the page: lists join more tables than it puts into an order by itself.
    """

    queryset: QuerySet[Any]
    root_queryset: QuerySet[Any]
    result_list: Any

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        left_out: tuple[str, ...] = getattr(self.model_admin, "not_listed", ())
        return rows.defer(*left_out) if left_out else rows

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = self.rows_of_page()

    def url_for_result(self, result: Model) -> str:
        """As Django has it, looked up once for all rows: they differ by their numbers alone."""
        if not isinstance(result.pk, int):
            return str(super().url_for_result(result))
        before, after = self._address_of_rows
        return f"{before}{result.pk}{after}"

    @cached_property
    def _address_of_rows(self) -> tuple[str, str]:
        number = "1234567890"
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        before, after = reverse(name, args=(number,)).split(number)
        return before, after

    def rows_of_page(self) -> QuerySet[Any]:
        """What stands on the page, in its order; `result_list` is not asked for yet."""
        keys = list(self.result_list.values_list("pk", flat=True))
        return self.queryset.filter(pk__in=keys)
