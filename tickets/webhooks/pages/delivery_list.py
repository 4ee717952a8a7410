"""The log of webhooks: what was sent and answered, and the button that sends it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.pages.badges import badge, clipped
from tenants.pages.buttons import Button
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.filters import ChosenFilter
from tenants.pages.page import ObjectPage, buttons_of, register_page
from tickets.models import DeliveryState, Webhook, WebhookDelivery
from tickets.models.ticket import ticket_id_in, ticket_number
from tickets.models.webhook import TEST_EVENT, TO_DELIVER
from tickets.webhooks.kinds import TEST, WEBHOOK_KINDS, title_of
from tickets.webhooks.send_again import send_again

_TONES: Final[Mapping[str, str]] = {
    DeliveryState.DELIVERED: "good",
    DeliveryState.GIVEN_UP: "bad",
    DeliveryState.SENDING: "info",
}


class WebhookFilter(ChosenFilter):
    title = _("webhook")
    parameter_name = "webhook"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(pk), title) for pk, title in Webhook.objects.values_list("pk", "title")]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(webhook=chosen)


class StateFilter(ChosenFilter):
    title = _("state")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(DeliveryState.choices)

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(state=chosen)


class EventFilter(ChosenFilter):
    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(each.key, each.title) for each in (*WEBHOOK_KINDS.values(), TEST)]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(event=chosen)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(DetailPageAdmin):
    """Newest first; of a ticket where its number is searched for."""

    list_title = _("What webhooks have sent")
    nothing_yet = _("What webhooks send will be listed here, each with what was answered.")
    change_form_template = "webhooks/delivery.html"
    list_before_template = "webhooks/tabs.html"
    list_display = ("happened", "event_column", "webhook", "ticket", "state_column", "answered")
    list_display_links = ("happened",)
    list_filter = (WebhookFilter, StateFilter, EventFilter)
    list_filter_submit = True
    list_select_related = ("webhook",)
    search_fields = ("ticket_number",)
    search_help_text = _("Search by the number of a ticket")
    ordering = ("-pk",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        found: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return found.select_related("webhook")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        number = ticket_id_in(search_term)
        return (queryset.none() if number is None else queryset.filter(ticket_number=number)), False

    @display(description=_("happened"))
    def happened(self, delivery: WebhookDelivery) -> str:
        return moment(delivery.happened_at)

    @display(description=_("event"))
    def event_column(self, delivery: WebhookDelivery) -> str:
        return title_of(delivery.event)

    @display(description=_("ticket"))
    def ticket(self, delivery: WebhookDelivery) -> str:
        return ticket_number(delivery.ticket_number) if delivery.ticket_number else "-"

    @display(description=_("state"))
    def state_column(self, delivery: WebhookDelivery) -> SafeString:
        return state_of(delivery)

    @display(description=_("answered with"))
    def answered(self, delivery: WebhookDelivery) -> SafeString:
        return clipped(delivery.status_code or delivery.error or "-")

    def page_context(self, request: HttpRequest, obj: WebhookDelivery) -> dict[str, Any]:
        return {
            "delivery": obj,
            "title": gettext("Message of a webhook"),
            "event": title_of(obj.event),
            "ticket": self.ticket(obj),
            "state": state_of(obj),
            "body": in_lines(obj.body),
            "is_under_way": obj.state in TO_DELIVER,
            "buttons": buttons_of(request, obj),
        }


def state_of(delivery: WebhookDelivery) -> SafeString:
    known = delivery.state in DeliveryState.values
    words = DeliveryState(delivery.state).label if known else delivery.state
    return badge(words, _TONES.get(delivery.state, "plain"))


def moment(value: Any) -> str:
    return date_format(localtime(value), "DATETIME_FORMAT") if value else "-"


def in_lines(body: str) -> str:
    """JSON as people read it; what was sent has no blanks."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


@register_page(
    WebhookDelivery, "<int:object_id>/send-again/", name="tickets_webhookdelivery_send_again"
)
class SendWebhookAgainPage(ObjectPage):
    """POST sends it again."""

    permissions = ("tickets.change_webhookdelivery",)
    http_method_names = ["post"]
    button = Button(_("Send again"), "forward_to_inbox", 10, posts=True, is_main=True)

    object: WebhookDelivery

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        is_done = isinstance(obj, WebhookDelivery) and obj.state not in TO_DELIVER
        is_test = isinstance(obj, WebhookDelivery) and obj.event == TEST_EVENT
        return is_done and not is_test and super().is_offered(request, obj)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        send_again(delivery=self.object, user=self.person, now=timezone.now())
        messages.success(request, gettext("It is sent again."))
        return self.back()
