"""The views above a list: to choose one, to save what is shown as one, to delete one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from tenants.companies.active_company import active_company
from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.refusals import refusals
from tickets.models import ListOfViews, SavedView
from tickets.saved_views.errors import ViewTooLongError
from tickets.saved_views.save_view import may_share, normal_query


@dataclass(frozen=True, slots=True)
class ShownView:
    """A view as a link: `query` begins with a question mark."""

    view: SavedView
    query: str
    is_current: bool
    may_change: bool  # and delete


class ViewsBar:
    """What the template shows. One query."""

    longest_name = LONGEST_NAME

    def __init__(self, request: HttpRequest, of: ListOfViews) -> None:
        self._request, self.of = request, of
        self.query = self._as_kept(request.META.get("QUERY_STRING", ""))

    @staticmethod
    def _as_kept(query: str) -> str:
        """What cannot be kept stays as it is: whoever would save it is told why not."""
        with refusals(ViewTooLongError):
            return normal_query(query)
        return query

    @cached_property
    def may_share(self) -> bool:
        user = self._request.user
        return isinstance(user, User) and may_share(user)

    @cached_property
    def views(self) -> list[ShownView]:
        user = self._request.user
        if not isinstance(user, User) or active_company(self._request) is None:
            return []
        return [
            ShownView(
                each,
                f"?{each.query}",
                is_current=each.query == self.query,
                may_change=self.may_share if each.is_shared else True,
            )
            for each in SavedView.objects.shown_to(user, self.of)
        ]

    @property
    def current(self) -> ShownView | None:
        return next((each for each in self.views if each.is_current), None)
