"""The priority on the pages of a ticket: shown to its team, and changed in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from tenants.pages.page import register_page
from tickets.conversation.pages.conversation_page import TicketPage
from tickets.following.pages.badges import priority_badge
from tickets.models import Message, Ticket
from tickets.prioritizing.set_priority import set_priority
from workflows.priorities import SCREENS, Priority, priority_choices

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class ShownPriority:
    """What a page says of a ticket's priority, and whether it may be changed there."""

    ticket: Ticket
    may_change: bool

    @property
    def value(self) -> str:
        return self.ticket.priority_level.value

    @property
    def badge(self) -> SafeString:
        return priority_badge(self.ticket.priority_level)

    @property
    def choices(self) -> list[tuple[str, StrOrPromise]]:
        return priority_choices()


@register_page(Message, "ticket/<int:ticket_id>/priority/", name="tickets_ticket_priority")
class PriorityPage(TicketPage):
    """POST gives the ticket another priority, from whichever of its pages."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        chosen = request.POST.get("priority", "")
        if chosen not in tuple(Priority):
            messages.warning(request, gettext("There is no such priority. Choose again."))
            return self.back()
        if self.ticket.priority_level is not Priority(chosen):
            set_priority(ticket=self.ticket, to=Priority(chosen), by=self.person)
            words = {"priority": SCREENS[Priority(chosen)].name}
            messages.success(request, gettext("The priority is now: %(priority)s") % words)
        return self.back()
