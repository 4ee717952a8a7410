"""The mails that came in and were refused, each with why."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.mail.models import ReceivedMail, Refusal
from tenants.mail_log.pages.mail_list import MailListAdmin, moment
from tenants.models.company import prefix_of_tickets
from tenants.pages.badges import clipped
from tenants.pages.filters import ChosenFilter


class RefusalFilter(ChosenFilter):
    title = _("why it was refused")
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Refusal.choices)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(refusal=chosen)


@admin.register(ReceivedMail)
class ReceivedMailAdmin(MailListAdmin):
    """Who sent it, when, and why it was refused: of what it says nothing is kept."""

    list_title = _("Refused answers")
    nothing_yet = _("Answers by mail that are refused will be listed here, each with the reason.")
    change_form_template = "mail_log/received.html"
    list_display = ("received", "sender", "why", "ticket")
    list_display_links = ("received",)
    list_filter = (RefusalFilter,)
    list_filter_submit = True
    search_fields = ("sender",)
    search_help_text = _("Search by the address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceivedMail]:
        found: QuerySet[ReceivedMail] = super().get_queryset(request)
        return found.exclude(refusal="")

    @display(description=_("received"))
    def received(self, mail: ReceivedMail) -> str:
        return moment(mail.received_at)

    @display(description=_("why it was refused"))
    def why(self, mail: ReceivedMail) -> SafeString:
        known = mail.refusal in Refusal.values
        return clipped(Refusal(mail.refusal).label if known else mail.refusal)

    @display(description=_("ticket"))
    def ticket(self, mail: ReceivedMail) -> str:
        if not mail.ticket_id:
            return "-"
        prefix = prefix_of_tickets()
        return f"{prefix}-{mail.ticket_id}" if prefix else f"#{mail.ticket_id}"

    def page_context(self, request: HttpRequest, obj: ReceivedMail) -> dict[str, Any]:
        return {"mail": obj, "title": self.list_title, "why": self.why(obj),
                "ticket": self.ticket(obj)}  # fmt: skip
