"""How satisfied people are, for ticket admins: in all, by type, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from tenants.pages.buttons import ListButton
from tenants.pages.page import Page, register_page
from tickets.models import Rating, Score, Ticket
from tickets.rating.share import share_of_good

MOST_SHOWN: Final = 100
# What the list shows nothing of, and what may be long.
_LONG: Final = (
    "ticket__data",
    "ticket__definition__description",
    "ticket__definition__ext_ref",
    "ticket__definition__presets",
    "ticket__definition__edit_layout",
    "ticket__definition__display_layout",
)


@dataclass(frozen=True, slots=True)
class TypeRow:
    title: str
    good: int
    bad: int

    @property
    def share(self) -> int | None:
        return share_of_good(self.good, self.bad)


@register_page(Ticket, "ratings/", name="tickets_ticket_ratings")
class RatingsPage(Page):
    """GET shows the newest ratings, of one `?score=` only where it is named. Three queries."""

    permissions = ("tickets.view_ticket",)
    title = gettext_lazy("Ratings")
    template_name = "rating/ratings.html"
    list_button = ListButton(gettext_lazy("Ratings"), icon="thumbs_up_down", order=40)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        asked = request.GET.get("score", "")
        score = next((each for each in Score if each == asked), None)
        shown = Rating.objects.select_related("ticket__created_by", "ticket__definition")
        shown = shown.defer(*_LONG)
        if score is not None:
            shown = shown.filter(score=score)
        counts = Rating.objects.counts()
        return self.show(
            counts=counts,
            share=share_of_good(counts["good"], counts["bad"]),
            types=_by_type(),
            ratings=shown[:MOST_SHOWN],
            most=MOST_SHOWN,
            score=score,
            scores=list(Score),
        )


def _by_type() -> list[TypeRow]:
    rows = (
        Rating.objects.order_by()
        .values("ticket__definition__key")
        .annotate(
            good=Count("pk", filter=Q(score=Score.GOOD)),
            bad=Count("pk", filter=Q(score=Score.BAD)),
        )
        .values_list("ticket__definition__key", "good", "bad")
    )
    titles = _titles([key for key, _good, _bad in rows])
    found = [TypeRow(titles.get(key, key), good, bad) for key, good, bad in rows]
    return sorted(found, key=lambda row: row.title)


def _titles(keys: list[str]) -> dict[str, str]:
    """As the newest version of each type is called."""
    definitions: Any = Ticket._meta.get_field("definition").related_model
    named = definitions.objects.filter(key__in=keys).order_by("version")
    return dict(named.values_list("key", "title"))
