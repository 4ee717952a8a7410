"""Linking tickets with each other, and closing one as a duplicate of another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.pages.numbers import number_in
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tickets.conversation.pages.conversation_page import TicketPage, ticket_address
from tickets.conversation.pages.timeline import conversation_address
from tickets.errors import ReasonMissingError
from tickets.linking.errors import MayNotLinkError, MayNotMarkDuplicateError
from tickets.linking.link_tickets import link_tickets, may_link, unlink_tickets
from tickets.linking.mark_duplicate import mark_as_duplicate, may_mark_duplicate
from tickets.models import LinkKind, Message, TicketLink
from tickets.models.ticket import ticket_id_in, ticket_number
from workflows.errors import WorkflowEndedError

LONGEST_REASON = 2_000


class NumberForm(forms.Form):
    use_required_attribute = False

    number = forms.CharField(
        label=gettext_lazy("Number of the other ticket"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "placeholder": "#12"}),
        error_messages={"required": gettext_lazy("Write the number of a ticket, such as #12.")},
    )

    def clean_number(self) -> int:
        """As people write it: #12, 12, or with what the company puts before it."""
        number = ticket_id_in(self.cleaned_data["number"])
        if number is None:
            raise forms.ValidationError(gettext("Write the number of a ticket, such as #12."))
        return number


class LinkForm(NumberForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("This ticket"),
        choices=[(each.value, each.label) for each in (LinkKind.RELATES, LinkKind.FOLLOW_UP)],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("kind", "number")


class DuplicateForm(NumberForm):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Whoever submitted the ticket reads it."),
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        error_messages={"required": ReasonMissingError.message},
    )


class _LinkingPage(TicketPage):
    """`closes`: this ticket is closed, as a duplicate of the other."""

    template_name = "linking/other_ticket.html"
    form_class: type[forms.Form]
    closes = False

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.form_page(self.form_class())

    def form_page(self, form: forms.Form) -> HttpResponse:
        return self.show(
            ticket=self.ticket, form=form, back_address=self.address, closes=self.closes
        )

    @property
    def address(self) -> str:
        return ticket_address(self.ticket, self.person) or conversation_address(self.ticket)

    def back(self) -> HttpResponse:
        return redirect(self.address)


@register_page(Message, "ticket/<int:ticket_id>/link/", name="tickets_message_link")
class LinkPage(_LinkingPage):
    """GET asks for the other ticket; POST links it."""

    title = gettext_lazy("Link to another ticket")
    form_class = LinkForm

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not may_link(self.ticket, self.person):
            raise MayNotLinkError

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = LinkForm(request.POST)
        if form.is_valid():
            with refusals_in(form):
                link = link_tickets(
                    ticket=self.ticket,
                    number=form.cleaned_data["number"],
                    kind=LinkKind(form.cleaned_data["kind"]),
                    user=self.person,
                    now=timezone.now(),
                )
                text = gettext("It is linked to ticket %(number)s now.")
                messages.success(request, text % {"number": ticket_number(link.other_id)})
                return self.back()
        return self.form_page(form)


@register_page(Message, "ticket/<int:ticket_id>/unlink/", name="tickets_message_unlink")
class UnlinkPage(_LinkingPage):
    """POST takes a link away. It answers the same where there is none that the person sees."""

    http_method_names = ["post"]

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not may_link(self.ticket, self.person):
            raise MayNotLinkError

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        number = number_in(request.POST.get("link", ""))
        link = TicketLink.objects.of(self.ticket).filter(pk=number or 0).first()
        if link is not None:
            unlink_tickets(link=link, ticket=self.ticket, user=self.person)
        messages.success(request, gettext("The link is taken away."))
        return self.back()


@register_page(Message, "ticket/<int:ticket_id>/duplicate/", name="tickets_message_duplicate")
class DuplicatePage(_LinkingPage):
    """GET asks of which ticket it is a duplicate, and why; POST closes it."""

    title = gettext_lazy("Close as a duplicate")
    form_class = DuplicateForm
    closes = True

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not may_mark_duplicate(self.ticket, self.person):
            raise WorkflowEndedError if self.ticket.has_ended else MayNotMarkDuplicateError

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = DuplicateForm(request.POST)
        if form.is_valid():
            with refusals_in(form):
                other = mark_as_duplicate(
                    ticket=self.ticket,
                    number=form.cleaned_data["number"],
                    reason=form.cleaned_data["reason"],
                    user=self.person,
                    now=timezone.now(),
                )
                text = gettext("It is closed as a duplicate of ticket %(number)s.")
                messages.success(request, text % {"number": ticket_number(other.pk)})
                return self.back()
        return self.form_page(form)
