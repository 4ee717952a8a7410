"""Making and changing webhooks, their secrets, pausing them and letting them go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.encryption import encrypt
from tenants.jobs import defer
from tenants.models import User
from tenants.refusals import refusals
from tickets.job_names import LOOK_AFTER_WEBHOOKS
from tickets.models import DeliveryState, Ticket, Webhook, WebhookDelivery, WebhookPause
from tickets.models.webhook import TEST_EVENT
from tickets.webhooks.defer_lines import defer_lines
from tickets.webhooks.errors import TooManyWebhooksError, WebhookAddressError, WebhookGoneError
from tickets.webhooks.kinds import WEBHOOK_KINDS
from workflows.actions import ActionError, check_url
from workflows.actions.signature import make_secret
from workflows.signing.signing_secrets import MORE_SECRETS

WEBHOOK_CREATED: Final = declare("company.webhook_added", gettext_lazy("Added a webhook"))
WEBHOOK_CHANGED: Final = declare("company.webhook_changed", gettext_lazy("Changed a webhook"))
WEBHOOK_PAUSED: Final = declare("company.webhook_paused", gettext_lazy("A webhook was paused"))
WEBHOOK_RESUMED: Final = declare("company.webhook_resumed", gettext_lazy("Let a webhook go on"))
WEBHOOK_DELETED: Final = declare("company.webhook_deleted", gettext_lazy("Deleted a webhook"))
WEBHOOK_SECRET: Final = declare(
    "company.webhook_secret_made", gettext_lazy("Made a new secret for a webhook")
)

# Lines of messages whose jobs are made when a webhook goes on; the others' are made soon after.
MOST_LINES: Final = 500
_DELETE_LOG: Final = "DELETE FROM tickets_webhookdelivery WHERE webhook_id = %s"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' webhooks'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is said of a webhook: see Webhook."""

    title: str
    url: str
    events: Sequence[str]
    ticket_types: Sequence[str] = ()
    with_answers: bool = False


def create_webhook(*, wanted: Wanted, user: User, now: datetime) -> tuple[Webhook, str]:
    """Returns the webhook, and its secret, for the one time that it is shown.

    Raises:
        WebhookAddressError: it can be called nowhere.
        TooManyWebhooksError
    """
    ensure_address(wanted.url)
    secret = make_secret()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        if Webhook.objects.count() >= settings.COMPANY_MOST_WEBHOOKS:
            raise TooManyWebhooksError
        webhook = Webhook(encrypted=encrypt(secret), created_by=user, created_at=now)
        _say(webhook, wanted)
        webhook.save()
        record(WEBHOOK_CREATED, about=webhook, person=user, changes=_new(_logged(webhook)))
    return webhook, secret


def change_webhook(*, webhook_id: int, wanted: Wanted, user: User) -> Webhook:
    """What waits is sent to the new address, as it is wanted now.

    Raises:
        WebhookAddressError, WebhookGoneError
    """
    ensure_address(wanted.url)
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        before, is_moved = _logged(webhook), webhook.url != wanted.url
        if is_moved:
            _forget_failures(webhook)
        _say(webhook, wanted)
        webhook.save()
        _forget_unwanted(webhook)
        changes = changed(before, _logged(webhook))
        if is_moved:  # the log has it also where the host stays
            changes["url"] = (before["url"], webhook.host)
        if changes:
            record(WEBHOOK_CHANGED, about=webhook, person=user, changes=changes)
    return webhook


def pause_webhook(*, webhook_id: int, user: User, now: datetime) -> None:
    """Send nothing more until somebody lets it go on; what happens meanwhile is not noted.

    Raises:
        WebhookGoneError
    """
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        if not webhook.paused:
            pause(webhook, WebhookPause.BY_HAND, now=now, user=user)


def pause(webhook: Webhook, why: WebhookPause, *, now: datetime, user: User | None = None) -> None:
    """As `pause_webhook`, of one that this transaction has locked; None: the system does it."""
    webhook.paused, webhook.paused_at = why, now
    webhook.save(update_fields=["paused", "paused_at"])
    record(WEBHOOK_PAUSED, about=webhook, person=user, why=why.value)


def resume_webhook(*, webhook_id: int, user: User, now: datetime) -> None:
    """Go on, with what waited when it was paused first: each message as if it were new.

    Raises:
        WebhookGoneError
    """
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        if not webhook.paused:
            return
        webhook.paused, webhook.paused_at = "", None
        _forget_failures(webhook)
        webhook.save()
        record(WEBHOOK_RESUMED, about=webhook, person=user)
        waiting = webhook.deliveries.filter(state=DeliveryState.WAITING)
        waiting.update(due_at=now, attempts=0)
        tickets = waiting.order_by("ticket_number").values_list("ticket_number", flat=True)
        lines = list(tickets.distinct()[:MOST_LINES])
        # Whoever pauses it and lets it go on again and again fills no queue.
        defer_lines(webhook_id=webhook.pk, tickets=[each or 0 for each in lines])
        if len(lines) == MOST_LINES:
            defer(LOOK_AFTER_WEBHOOKS)


def delete_webhook(*, webhook_id: int, user: User) -> None:
    """With its log, and what it was still to be told.

    Raises:
        WebhookGoneError
    """
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        record(WEBHOOK_DELETED, about=webhook, person=user, url=webhook.host)
        # By one statement: there may be very many, and nothing points to them.
        with connection.cursor() as cursor:
            cursor.execute(_DELETE_LOG, [webhook_id])
        webhook.delete()


def make_webhook_secret(*, webhook_id: int, user: User, now: datetime) -> str:
    """Make a secret, and return it for the one time that it is shown.

    What is sent is signed with the one before it, too, for a day more.

    Raises:
        WebhookGoneError
    """
    secret = make_secret()
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        webhook.replace_secret(secret, now=now)
        record(WEBHOOK_SECRET, about=webhook, person=user)
    return secret


def locked_webhook(webhook_id: int) -> Webhook:
    """Raises WebhookGoneError."""
    found = Webhook.objects.select_for_update(of=("self",), no_key=True)
    webhook = found.filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookGoneError
    return webhook


def ensure_address(url: str) -> None:
    """Where the name leads is looked at when something is sent. Raises WebhookAddressError."""
    with refusals(ActionError):
        check_url(url)
        return
    raise WebhookAddressError


@MORE_SECRETS.register
def encrypt_webhooks_again() -> int:
    return Webhook.encrypt_all_again()


def _say(webhook: Webhook, wanted: Wanted) -> None:
    webhook.title, webhook.url = wanted.title, wanted.url
    webhook.events = [key for key in WEBHOOK_KINDS if key in wanted.events]
    webhook.ticket_types = sorted(set(wanted.ticket_types))
    webhook.with_answers = wanted.with_answers


def _forget_unwanted(webhook: Webhook) -> None:
    """What waits of events and ticket types that were chosen before, and are no longer."""
    unwanted = ~Q(event__in=[*webhook.events, TEST_EVENT])
    if webhook.ticket_types:
        others = Ticket.objects.exclude(definition__key__in=webhook.ticket_types)
        unwanted |= Q(ticket_number__in=others.values("pk"))
    WebhookDelivery.objects.to_deliver().filter(unwanted, webhook=webhook).delete()


def _forget_failures(webhook: Webhook) -> None:
    webhook.failures, webhook.failing_since, webhook.rests_until = 0, None, None


def _logged(webhook: Webhook) -> dict[str, object]:
    """Of the address its host: the rest is a secret with many systems, and tokens read the log."""
    return {
        "title": webhook.title,
        "url": webhook.host,
        "events": list(webhook.events),
        "ticket_types": list(webhook.ticket_types),
        "with_answers": webhook.with_answers,
    }


def _new(logged: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    return {name: ("", value) for name, value in logged.items()}
