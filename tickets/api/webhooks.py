"""Webhooks and the log of them. Where they lead, and their secrets, are a person's to change."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.tokens.scopes import Scope
from tickets.models import DeliveryState, Webhook, WebhookDelivery
from tickets.webhooks.change_webhook import delete_webhook as delete
from tickets.webhooks.change_webhook import pause_webhook as pause
from tickets.webhooks.send_again import send_again
from tickets.webhooks.send_test import send_test

router = Router(tags=["Webhooks"])
MAY_READ: Final = ("tickets.view_webhook",)
MAY_CHANGE: Final = ("tickets.change_webhook",)
MAY_DELETE: Final = ("tickets.delete_webhook",)
MAY_READ_LOG: Final = ("tickets.view_webhookdelivery",)
MAY_SEND: Final = ("tickets.change_webhookdelivery",)


class WebhookRow(Schema):
    """Where another system is told what happens. Its secret is told to no program."""

    id: int
    title: str
    host: str = Field(description="Of its address, in whose path people put tokens.")
    events: list[str]
    ticket_types: list[str] = Field(description="Their keys; none: all.")
    with_answers: bool
    paused: str = Field(description="BY_HAND, FAILING, GONE; empty: it goes on.")
    failing_since: datetime | None

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookRow:
        return cls(
            id=webhook.pk,
            title=webhook.title,
            host=webhook.host,
            events=[str(each) for each in webhook.events],
            ticket_types=[str(each) for each in webhook.ticket_types],
            with_answers=webhook.with_answers,
            paused=webhook.paused,
            failing_since=webhook.failing_since,
        )


class Webhooks(Schema):
    items: list[WebhookRow]
    next: str | None


class DeliveryRow(Schema):
    """Something that a webhook is told of."""

    id: int
    webhook: int
    message_id: str = Field(description="The webhook-id, the same in every attempt.")
    event: str
    ticket: int | None
    state: DeliveryState
    attempts: int
    happened_at: datetime

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> DeliveryRow:
        return cls(
            id=delivery.pk,
            webhook=delivery.webhook_id,
            message_id=str(delivery.message_id),
            event=delivery.event,
            ticket=delivery.ticket_number,
            state=DeliveryState(delivery.state),
            attempts=delivery.attempts,
            happened_at=delivery.happened_at,
        )


class Deliveries(Schema):
    items: list[DeliveryRow]
    next: str | None


@operation(
    router, "GET", "/webhooks", scope=Scope.SETTINGS_READ, answer=Webhooks, permissions=MAY_READ
)
def list_webhooks(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Webhooks:
    """List the webhooks."""
    rows = Webhook.objects.all()
    items, more = listed(rows, after=after, limit=limit, show=WebhookRow.of, newest_first=False)
    return Webhooks(items=items, next=more)


@operation(
    router, "POST", "/webhooks/{webhook_id}/pause", scope=Scope.SETTINGS_WRITE, answer=WebhookRow,
    permissions=MAY_CHANGE,
)  # fmt: skip
def pause_webhook(request: HttpRequest, webhook_id: Number) -> WebhookRow:
    """Pause a webhook. A person lets it go on, on its page."""
    _webhook(webhook_id)
    pause(webhook_id=webhook_id, user=holder_in(request).user, now=timezone.now())
    return WebhookRow.of(_webhook(webhook_id))


@operation(
    router, "POST", "/webhooks/{webhook_id}/test", scope=Scope.SETTINGS_WRITE, answer=DeliveryRow,
    status=201, permissions=MAY_CHANGE, once=True,
)  # fmt: skip
def test_webhook(request: HttpRequest, webhook_id: Number) -> DeliveryRow:
    """Send a test: what becomes of it, the log says."""
    _webhook(webhook_id)
    return DeliveryRow.of(send_test(webhook_id=webhook_id, now=timezone.now()))


@operation(
    router, "DELETE", "/webhooks/{webhook_id}", scope=Scope.SETTINGS_WRITE, answer=None,
    status=204, permissions=MAY_DELETE,
)  # fmt: skip
def delete_webhook(request: HttpRequest, webhook_id: Number) -> None:
    """Delete a webhook with its log."""
    _webhook(webhook_id)
    delete(webhook_id=webhook_id, user=holder_in(request).user)


@operation(
    router, "GET", "/webhook-deliveries", scope=Scope.SETTINGS_READ, answer=Deliveries,
    permissions=MAY_READ_LOG,
)  # fmt: skip
def list_webhook_deliveries(
    request: HttpRequest,
    webhook: Number | None = None,
    state: DeliveryState | None = None,
    limit: Limit = 50,
    after: Cursor = "",
) -> Deliveries:
    """List what webhooks are told, the newest first."""
    rows = WebhookDelivery.objects.defer("about", "body")
    if webhook is not None:
        rows = rows.filter(webhook=webhook)
    if state is not None:
        rows = rows.filter(state=state)
    items, more = listed(rows, after=after, limit=limit, show=DeliveryRow.of)
    return Deliveries(items=items, next=more)


@operation(
    router, "POST", "/webhook-deliveries/{delivery_id}/send-again", scope=Scope.SETTINGS_WRITE,
    answer=DeliveryRow, permissions=MAY_SEND, once=True,
)  # fmt: skip
def send_delivery_again(request: HttpRequest, delivery_id: Number) -> DeliveryRow:
    """Send a message of a webhook again: the same one, by the same id."""
    found = _delivery(delivery_id)
    send_again(delivery=found, user=holder_in(request).user, now=timezone.now())
    return DeliveryRow.of(_delivery(delivery_id))


def _webhook(number: int) -> Webhook:
    """Raises Http404: the company has no such webhook."""
    found: Webhook | None = Webhook.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _delivery(number: int) -> WebhookDelivery:
    """Raises Http404: the log has no such message."""
    found: WebhookDelivery | None = WebhookDelivery.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found
