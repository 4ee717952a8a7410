"""The outbox, and the button that sends a mail again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.mail.models import MailStatus, OutgoingMail
from tenants.mail_log.pages.mail_list import MailListAdmin, moment
from tenants.mail_log.send_mail_again import send_mail_again
from tenants.pages.badges import badge, clipped
from tenants.pages.buttons import Button
from tenants.pages.filters import ChosenFilter
from tenants.pages.page import ObjectPage, buttons_of, register_page

_TONES: Final[Mapping[str, str]] = {
    MailStatus.SENT: "good",
    MailStatus.FAILED: "bad",
    MailStatus.UNSURE: "warn",
    MailStatus.HANDING_OVER: "info",
}
AGAIN: Final = (MailStatus.FAILED, MailStatus.UNSURE)
# Whose subjects tell of tickets that are not for everybody.
SEES_TICKETS: Final = "tickets.view_ticket"


class StatusFilter(ChosenFilter):
    title = _("status")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(MailStatus.choices)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(status=chosen)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(MailListAdmin):
    """Each mail with how far it is. What it says is not shown, nor is, to who may not see all
    tickets, the subject of one that is about a ticket."""

    list_title = _("Mails")
    change_form_template = "mail_log/outgoing.html"
    list_display = ("to", "subject_column", "state", "attempts", "next_attempt", "why", "written")
    list_display_links = ("to",)
    list_filter = (StatusFilter,)
    list_filter_submit = True
    search_fields = ("to",)
    search_help_text = _("Search by the address")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        # The rows are kept by the list: what is noted at them here, the columns find.
        for mail in changelist.result_list:
            mail.shown_subject = subject_for(request, mail)
        return changelist

    @display(description=_("subject"))
    def subject_column(self, mail: OutgoingMail) -> SafeString:
        return clipped(getattr(mail, "shown_subject", ""))

    @display(description=_("status"))
    def state(self, mail: OutgoingMail) -> SafeString:
        status = MailStatus(mail.status) if mail.status in MailStatus.values else None
        return badge(status.label if status else mail.status, _TONES.get(mail.status, "plain"))

    @display(description=_("next attempt"))
    def next_attempt(self, mail: OutgoingMail) -> str:
        return moment(mail.due_at) if mail.status == MailStatus.WAITING else "-"

    @display(description=_("why not yet"))
    def why(self, mail: OutgoingMail) -> SafeString:
        return clipped(mail.reason or "-")

    @display(description=_("written"))
    def written(self, mail: OutgoingMail) -> str:
        return moment(mail.created_at)

    def page_context(self, request: HttpRequest, obj: OutgoingMail) -> dict[str, Any]:
        return {
            "mail": obj,
            "title": gettext("Mail"),
            "subject": subject_for(request, obj),
            "state": self.state(obj),
            "next_attempt": self.next_attempt(obj),
            "buttons": buttons_of(request, obj),
            "list_url": reverse("admin:mail_outgoingmail_changelist"),
        }


def subject_for(request: HttpRequest, mail: OutgoingMail) -> str:
    if mail.references and not request.user.has_perm(SEES_TICKETS):
        return gettext("About a ticket")
    return mail.subject


@register_page(OutgoingMail, "<int:object_id>/send-again/", name="mail_outgoingmail_send_again")
class SendAgainPage(ObjectPage):
    """POST sends it again."""

    permissions = ("mail.change_outgoingmail",)
    needs_company = False
    http_method_names = ["post"]
    button = Button(_("Send again"), "forward_to_inbox", 10, posts=True, is_main=True)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        is_wanted = isinstance(obj, OutgoingMail) and obj.status in AGAIN
        return is_wanted and super().is_offered(request, obj)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        send_mail_again(mail=self.object)
        messages.success(request, gettext("The mail is sent again."))
        return self.back()
