"""Rating a ticket of one's own: on My ticket, and by the address in a mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.connection import use_public
from tenants.errors import TicketFlowerError
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.pages.refusals import refusals_as_messages
from tenants.refusals import Refusals, refusals
from tickets.models import MyTicket, Rating, Score, Ticket
from tickets.rating.pages.rating_form import RatingForm
from tickets.rating.rate_ticket import may_be_rated, rate_ticket
from tickets.rating.rating_link import RatingLink, rate_by_link, read_rating_link


@dataclass(frozen=True, slots=True)
class OwnRating:
    """What the template `rating/_own_rating.html` shows of a ticket of one's own.

    `may_rate`: it may be rated now, or the rating be changed.
    """

    rating: Rating | None
    may_rate: bool
    form: RatingForm
    address: str

    @property
    def scores(self) -> list[tuple[Score, bool]]:
        """Each, and whether it is the one that was given."""
        return [(each, self.rating is not None and self.rating.score == each) for each in Score]


def own_rating(ticket: Ticket) -> OwnRating | None:
    """None where nothing is to be seen. One query where the type asks and the ticket has ended."""
    if not (ticket.has_ended and ticket.definition.asks_rating):
        return None
    rating = Rating.objects.filter(ticket=ticket).first()
    may_rate = may_be_rated(ticket, now=timezone.now())
    if rating is None and not may_rate:
        return None
    form = RatingForm(initial={"comment": "" if rating is None else rating.comment})
    return OwnRating(
        rating, may_rate, form, reverse("admin:tickets_myticket_rate", args=[ticket.pk])
    )


@register_page(MyTicket, "<path:object_id>/rate/", name="tickets_myticket_rate")
class RatePage(ObjectPage):
    """POST rates it; the form stands on My ticket."""

    http_method_names = ["post"]
    permissions = ("tickets.view_myticket",)

    object: MyTicket

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = RatingForm(request.POST)
        if not form.is_valid():
            problems = [str(text) for texts in form.errors.values() for text in texts]
            messages.error(request, " ".join(problems))
            return self.back()
        with refusals_as_messages(request):
            rate_ticket(
                ticket=self.object,
                user=self.person,
                score=Score(form.cleaned_data["score"]),
                comment=form.cleaned_data["comment"],
                now=timezone.now(),
            )
            messages.success(request, gettext("Thank you for saying so."))
        return self.back()


class RateByLinkPage(Page):
    """For whoever has the address from the mail, logged in or not: it is signed, and rates alone.

    GET shows the page, and changes nothing, since programs that look through mails follow links.
    """

    permissions = ()
    needs_company = False
    title = gettext_lazy("How satisfied are you?")
    template_name = "rating/rate_by_link.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._answer(str(arguments["token"]))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        # A browser may be logged in to some company: that counts for nothing here.
        use_public()
        token, form = str(arguments["token"]), RatingForm(request.POST)
        if not form.is_valid():
            return self._answer(token, form=form)
        with refusals() as refused:
            score, comment = Score(form.cleaned_data["score"]), form.cleaned_data["comment"]
            rate_by_link(token, score=score, comment=comment)
            return self._page(is_rated=True)
        return self._refused(refused)

    def _answer(self, token: str, *, form: RatingForm | None = None) -> HttpResponse:
        use_public()
        with refusals() as refused:
            link = read_rating_link(token)
            shown = form or RatingForm(initial={"score": link.score})
            return self._page(link=link, form=shown, scores=_scores_first(link))
        return self._refused(refused)

    def _refused(self, refused: Refusals[TicketFlowerError]) -> HttpResponse:
        response = self._page(refusal=refused.text)
        if refused.error is not None:
            response.status_code = refused.error.status
        return response

    def _page(self, **context: Any) -> HttpResponse:
        response = self.show(**context)
        response["Cache-Control"] = "no-store"
        return response


def _scores_first(link: RatingLink) -> list[Score]:
    """The one that was clicked first."""
    return sorted(Score, key=lambda score: score != link.score)
