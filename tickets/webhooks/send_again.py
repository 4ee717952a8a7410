from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.jobs import defer
from tenants.models import User
from tickets.job_names import DELIVER_WEBHOOK
from tickets.models import DeliveryState, WebhookDelivery
from tickets.models.webhook import TO_DELIVER
from tickets.webhooks.change_webhook import locked_webhook
from tickets.webhooks.errors import BodyGoneError, NotSendableAgainError, WebhookPausedError

SENT_AGAIN: Final = declare(
    "company.webhook_sent_again", gettext_lazy("Sent a message of a webhook again")
)


def send_again(*, delivery: WebhookDelivery, user: User, now: datetime) -> None:
    """Send a message again that was delivered or given up: the same one, by the same id.

    Raises:
        WebhookGoneError, WebhookPausedError
        NotSendableAgainError: it is still to be delivered.
        BodyGoneError: it is not kept any more.
    """
    with transaction.atomic():
        webhook = locked_webhook(delivery.webhook_id)
        if webhook.paused:
            raise WebhookPausedError
        found = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True)
        locked = found.filter(pk=delivery.pk).first()
        if locked is None or not locked.body:
            raise BodyGoneError
        if locked.state in TO_DELIVER:
            raise NotSendableAgainError
        locked.state, locked.attempts, locked.due_at = DeliveryState.WAITING, 0, now
        locked.save(update_fields=["state", "attempts", "due_at"])
        record(SENT_AGAIN, about=webhook, person=user, event=locked.event)
        defer(DELIVER_WEBHOOK, webhook_id=locked.webhook_id, ticket_id=locked.ticket_number or 0)
