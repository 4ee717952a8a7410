"""What the filters of all lists share."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter


class ChosenFilter(DropdownFilter):
    """A dropdown whose value counts only where it is one of those that it offers."""

    def chosen(self) -> str:
        value = self.value()
        return value if value in {str(key) for key, _name in self.lookup_choices} else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.chosen()
        return self.narrow(queryset, chosen) if chosen else self.unless_chosen(queryset)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        """The rows that the chosen value stands for."""
        raise NotImplementedError

    def unless_chosen(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows where nothing is chosen: all, unless the filter says otherwise."""
        return queryset
