"""One message: edited by who wrote it, hidden by a ticket admin, and what it said before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.pages.numbers import number_in
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tickets.conversation.edit_message import edit_message
from tickets.conversation.hide_message import hide_message
from tickets.conversation.pages.conversation_page import TicketPage, warn_of_strangers
from tickets.conversation.pages.message_form import TextForm
from tickets.conversation.pages.timeline import ShownMessage, conversation_address
from tickets.conversation.rendering import render_message
from tickets.conversation.show_message import show_message
from tickets.conversation.write_message import Written
from tickets.files.pages.files import download_base
from tickets.models import Message
from tickets.models.message import LONGEST_REASON
from tickets.saving.pages.saved import forget_typed


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Everybody who could read the message reads this in its place."),
    )


class MessagePage(TicketPage):
    """A page about one message that this person may read."""

    message: Message

    def find(self, **arguments: Any) -> None:
        number = number_in(str(arguments["object_id"]))
        found = Message.objects.select_related("written_by", "hidden_by")
        message = None if number is None else found.filter(pk=number).first()
        if message is None:
            raise Http404
        super().find(ticket_id=message.ticket_id)
        if not self.access.may_read(message):
            raise Http404
        self.message = message

    def back(self) -> HttpResponse:
        return redirect(f"{conversation_address(self.ticket)}#message-{self.message.pk}")

    def shell(self) -> dict[str, Any]:
        shown = ShownMessage(self.message, self.person, self.access)
        return {
            **super().shell(),
            "ticket": self.ticket,
            "shown": shown,
            "message": self.message,
            "conversation": {"file_url": download_base()},
            "conversation_address": conversation_address(self.ticket),
            "form_name": f"message-edit.{self.message.pk}",
        }


@register_page(Message, "<int:object_id>/edit/", name="tickets_message_edit")
class EditPage(MessagePage):
    """GET shows one's own message to be edited; POST keeps it."""

    title = gettext_lazy("Edit a message")
    template_name = "conversation/edit.html"

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not self.message.is_by(self.person):
            raise Http404

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(form=TextForm(initial={"text": self.message.text}))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = TextForm(request.POST)
        written: Written | None = None
        if form.is_valid():
            with refusals_in(form):
                written = edit_message(
                    message=self.message,
                    user=self.person,
                    text=form.cleaned_data["text"],
                    now=timezone.now(),
                )
        if written is None:
            return self.show(form=form)
        warn_of_strangers(request, written)
        return forget_typed(self.back(), f"message-edit.{self.message.pk}")


@register_page(Message, "<int:object_id>/hide/", name="tickets_message_hide")
class HidePage(MessagePage):
    """GET asks a ticket admin why; POST hides the message."""

    title = gettext_lazy("Hide a message")
    template_name = "conversation/hide.html"

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not self.access.may_hide:
            raise Http404

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(form=ReasonForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = ReasonForm(request.POST)
        if form.is_valid():
            with refusals_in(form):
                hide_message(
                    message=self.message,
                    user=self.person,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
                return self.back()
        return self.show(form=form)


@register_page(Message, "<int:object_id>/show/", name="tickets_message_show")
class ShowPage(MessagePage):
    """POST of a ticket admin lets a hidden message be read again."""

    http_method_names = ["post"]

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not self.access.may_hide:
            raise Http404

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        show_message(message=self.message, user=self.person, now=timezone.now())
        messages.success(request, gettext("The message is shown again."))
        return self.back()


@register_page(Message, "<int:object_id>/earlier/", name="tickets_message_earlier")
class EarlierPage(MessagePage):
    """GET shows the team what a message said before it was edited."""

    title = gettext_lazy("What a message said before")
    template_name = "conversation/earlier.html"

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not self.access.internal:
            raise Http404

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        texts = [
            (render_message(each["text"]), datetime.fromisoformat(each["until"]))
            for each in reversed(self.message.earlier)
        ]
        return self.show(texts=texts)
