"""The list of webhooks, and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.pages.badges import badge, clipped
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.page import buttons_of
from tickets.models import DeliveryState, Webhook
from tickets.webhooks.kinds import WEBHOOK_KINDS, title_of
from workflows.models import TicketDefinition


def state_of(webhook: Webhook) -> SafeString:
    if webhook.paused:
        return badge(gettext("Paused"), "warn")
    if webhook.failures:
        return badge(gettext("Failing"), "bad")
    return badge(gettext("Active"), "good")


@admin.register(Webhook)
class WebhookAdmin(DetailPageAdmin):
    """For company admins. What is sent stands in a list of its own."""

    may_add = True
    list_title = _("Webhooks")
    nothing_yet = _(
        "A webhook tells another system what happens here, as soon as it does: that a ticket was"
        " submitted, a task completed, a message written. Add one, and give the other system its"
        " secret."
    )
    change_form_template = "webhooks/webhook.html"
    list_before_template = "webhooks/tabs.html"
    list_display = ("title", "host", "events_column", "state")
    list_display_links = ("title",)
    search_fields = ("title", "url")
    search_help_text = _("Search by title or address")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not to who would be shown the secret without being of the company."""
        return super().has_add_permission(request) and not request.user.is_superuser

    @display(description=_("address"))
    def host(self, webhook: Webhook) -> SafeString:
        return clipped(webhook.host)

    @display(description=_("events"))
    def events_column(self, webhook: Webhook) -> str:
        count = len(webhook.events)
        if count == len(WEBHOOK_KINDS):
            return gettext("All")
        return ngettext("%(count)d kind", "%(count)d kinds", count) % {"count": count}

    @display(description=_("state"))
    def state(self, webhook: Webhook) -> SafeString:
        return state_of(webhook)

    def page_context(self, request: HttpRequest, obj: Webhook) -> dict[str, Any]:
        waiting = obj.deliveries.filter(state=DeliveryState.WAITING)
        log = reverse("admin:tickets_webhookdelivery_changelist", query={"webhook": obj.pk})
        return {
            "webhook": obj,
            "title": gettext("Webhook"),
            "state": state_of(obj),
            "events": [title_of(key) for key in obj.events],
            "ticket_types": types_in_words(obj),
            "waiting": waiting[:1000].count(),
            "last": obj.deliveries.exclude(last_at=None).order_by("-pk").first(),
            "signs_with_old": obj.old_until is not None and timezone.now() < obj.old_until,
            "log": log,
            "buttons": buttons_of(request, obj),
        }


def types_in_words(webhook: Webhook) -> str:
    """The titles of the ticket types that it is told of; empty: of all."""
    if not webhook.ticket_types:
        return ""
    types = TicketDefinition.objects.filter(key__in=webhook.ticket_types)
    titles = dict(types.order_by("version").values_list("key", "title"))
    return ", ".join(titles.get(key, key) for key in webhook.ticket_types)
