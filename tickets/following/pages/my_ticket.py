"""The tickets that one has submitted: the list, and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.models import User
from tenants.pages.badges import clipped
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import ObjectPage, buttons_of, register_page
from tenants.pages.tabs import TabbedChangeList, is_archive
from tickets.conversation.pages.timeline import Conversation
from tickets.file_versions.pages.ticket_files import shown_files
from tickets.finding.find_tickets import Scope
from tickets.finding.pages.filters import NeedsMeFilter
from tickets.finding.pages.search import FindsInTickets, where_it_is
from tickets.following.pages import progress
from tickets.following.pages.branches import branches_of
from tickets.linking.pages.links_section import Links
from tickets.models import ListOfViews, MyTicket, SavedAnswers, Ticket, TicketError
from tickets.rating.pages.rate_pages import own_rating
from tickets.saved_views.pages.views_bar import ViewsBar
from tickets.seeing import Viewer, answers_for_requester, cancel_reason
from workflows.layouts.columns import layouts_of


@admin.register(MyTicket)
class MyTicketAdmin(FindsInTickets, CompanyModelAdmin):
    """The tickets that one has submitted, and the form that submits one."""

    may_add = True
    actions = None
    change_list_template = "following/my_ticket_list.html"
    list_display = ("number", "name", "state", "position", "type", "submitted_at", "ended_at")
    list_display_links = ("number", "name")
    list_filter = (NeedsMeFilter,)
    list_filter_submit = True
    search_fields = ("title",)  # which has the search shown: see FindsInTickets
    # Also of those who are of a ticket's team: they read here what requesters do.
    search_scope = Scope.REQUESTER
    search_help_text = _("Search numbers, people, answers, messages")
    ordering = ("-pk",)
    not_listed = (
        *layouts_of("definition", "workflow_instance__current_task__definition"),
        "workflow__display_layout",
    )

    # Whose tickets

    def get_queryset(self, request: HttpRequest) -> QuerySet[MyTicket]:
        errors = TicketError.objects.stopping().filter(ticket=OuterRef("pk"))
        own: Any = super().get_queryset(request)
        tickets: QuerySet[MyTicket] = (
            own.submitted_by(request.user)
            .with_progress()
            .select_related("workflow")
            .annotate(is_stuck=Exists(errors))
        )
        return tickets

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return TabbedChangeList

    def tab(self, tickets: Any, *, archive: bool) -> Any:
        return tickets.over() if archive else tickets.going_on()

    def get_list_display(self, request: HttpRequest) -> list[str]:
        left_out = {"position"} if is_archive(request) else {"ended_at"}
        return [name for name in self.list_display if name not in left_out]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": gettext("My tickets"),
            "subtitle": None,
            "saved_tickets": self._saved_tickets(request),
            "views_bar": ViewsBar(request, ListOfViews.MY_TICKETS),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def _saved_tickets(self, request: HttpRequest) -> list[SavedAnswers]:
        """What the person has begun, to be shown above what runs."""
        user = request.user
        if not isinstance(user, User) or not self.has_add_permission(request):
            return []
        if is_archive(request):
            return []
        return list(SavedAnswers.objects.of_tickets(user))

    @display(description=pgettext_lazy("which one", "Number"), ordering="pk")
    def number(self, ticket: MyTicket) -> str:
        return ticket.number

    @display(description=_("Title"), ordering="title")
    def name(self, ticket: MyTicket) -> SafeString:
        return format_html("{}{}", clipped(ticket.title), where_it_is(ticket))

    @display(description=_("Type"), ordering="definition__title")
    def type(self, ticket: MyTicket) -> SafeString:
        return clipped(ticket.definition.title)

    @display(description=_("Status"))
    def state(self, ticket: MyTicket) -> SafeString:
        return progress.status_badge(ticket, is_stuck=self._is_stuck(ticket))

    @display(description=_("Where it is now"))
    def position(self, ticket: MyTicket) -> SafeString:
        text = progress.position_in_words(ticket, is_stuck=self._is_stuck(ticket))
        return clipped(text)

    @display(description=_("Submitted"), ordering="created_at")
    def submitted_at(self, ticket: MyTicket) -> Any:
        return ticket.created_at

    @display(description=_("Ended"), ordering="workflow_instance__completed_at")
    def ended_at(self, ticket: MyTicket) -> Any:
        return ticket.workflow_instance.completed_at if ticket.workflow_instance else None

    def _is_stuck(self, ticket: Ticket) -> bool:
        return bool(getattr(ticket, "is_stuck", False))


@register_page(MyTicket, "<path:object_id>/change/", name="tickets_myticket_change")
class MyTicketPage(ObjectPage):
    """What one has submitted, where it is, and what happened so far."""

    permissions = ("tickets.view_myticket",)
    template_name = "following/my_ticket.html"

    object: MyTicket

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        ticket = self.object
        is_stuck = bool(getattr(ticket, "is_stuck", False))
        history = progress.Moments(ticket, Viewer.REQUESTER)
        conversation = Conversation(request, ticket, self.person, history=history)
        return self.show(
            **progress.submitted(ticket),
            title=ticket.title,
            ticket=ticket,
            badge=progress.status_badge(ticket, is_stuck=is_stuck),
            is_stuck=is_stuck and not ticket.has_ended,
            answers=answers_for_requester(ticket),
            cancel_reason=cancel_reason(ticket, viewer=Viewer.REQUESTER),
            outcome_tone=progress.outcome_tone(ticket),
            conversation=conversation,
            asks_me=progress.asks_requester(ticket),
            now=progress.moment_of_now(ticket, is_stuck=is_stuck),
            picture=progress.picture(ticket),
            branches=branches_of(ticket, is_for_requester=True),
            buttons=buttons_of(request, ticket),
            own_rating=own_rating(ticket),
            links=Links(ticket, self.person, conversation.access),
            **shown_files(ticket, self.person, conversation.access),
        )
