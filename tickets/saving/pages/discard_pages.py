"""Half-filled forms that one throws away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from tenants.pages.page import Page, register_page
from tickets.models import MyTask, MyTicket, SavedAnswers
from tickets.saving.save_answers import discard_saved_answers


class _DiscardPage(Page):
    http_method_names = ["post"]

    saved: SavedAnswers

    def take(self, saved: SavedAnswers | None) -> None:
        if saved is None:
            raise Http404
        self.saved = saved


@register_page(MyTicket, "saved/<int:saved_id>/discard/", name="tickets_myticket_discard")
class DiscardTicketPage(_DiscardPage):
    """POST throws away a ticket that was begun."""

    permissions = ("tickets.add_myticket",)

    def find(self, **arguments: Any) -> None:
        saved = SavedAnswers.objects.of_tickets(self.person)
        self.take(saved.filter(pk=arguments["saved_id"]).first())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        title = str(self.saved)
        discard_saved_answers(saved=self.saved)
        messages.success(request, gettext("“%(title)s” was discarded.") % {"title": title})
        return self.back()


@register_page(MyTask, "<int:object_id>/discard/", name="tickets_mytask_discard")
class DiscardTaskPage(_DiscardPage):
    """POST throws away what one has saved of a task, also of one that is no longer one's own."""

    permissions = ("tickets.view_mytask",)

    def find(self, **arguments: Any) -> None:
        saved = SavedAnswers.objects.of(self.person)
        self.take(saved.filter(task=arguments["object_id"]).first())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        discard_saved_answers(saved=self.saved)
        messages.success(request, gettext("Your saved answers were discarded."))
        return self.back()
