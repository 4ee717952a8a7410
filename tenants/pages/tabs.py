from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.pages.paging import PagedChangeList

ARCHIVE = "archive"


def is_archive(request: HttpRequest) -> bool:
    return bool(request.GET.get(ARCHIVE))


class TabbedChangeList(PagedChangeList):
    """A list in two tabs: what runs, and with `?archive=1` what has ended.

    Its admin class has a method `tab(queryset, archive=...)` that says which rows are which.
    """

    root_queryset: QuerySet[Any]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        # No look-up of a model field, which is what Django takes it for.
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(ARCHIVE, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # Unfold says “N results” where that is not all there is, and here nobody counts it twice.
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.is_archive = is_archive(request)
        self.root_queryset = self.model_admin.tab(self.root_queryset, archive=self.is_archive)
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return rows
