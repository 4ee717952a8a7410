"""A message that tells of nothing, so that whoever sets a webhook up sees whether it arrives."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants.companies.company_limits import count_webhook
from tenants.connection import current_schema
from tenants.errors import EncryptionError
from tenants.jobs import defer
from tenants.limits.table import WEBHOOK_TESTS
from tenants.models import Company
from tickets.job_names import SEND_WEBHOOK_TEST
from tickets.models import DeliveryState, WebhookDelivery
from tickets.webhooks.change_webhook import locked_webhook
from tickets.webhooks.deliver import Clock, keep_outcome, signed_request
from tickets.webhooks.kinds import TEST
from tickets.webhooks.send import Outcome, send
from tickets.webhooks.write_body import write_body


def send_test(*, webhook_id: int, now: datetime) -> WebhookDelivery:
    """Have a test sent, also to a webhook that is paused; its row says what becomes of it.

    Raises:
        WebhookGoneError
        RateLimitedError: that is too often.
    """
    WEBHOOK_TESTS.count(f"{current_schema()}\n{webhook_id}")
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        delivery = WebhookDelivery(webhook=webhook, event=TEST.key, happened_at=now)
        delivery.body = write_body(webhook, delivery)
        delivery.save()
        defer(SEND_WEBHOOK_TEST, delivery_id=delivery.pk)
    return delivery


def deliver_test(*, delivery_id: int, clock: Clock = timezone.now) -> None:
    """Send it once; what fails is not tried again. A worker that was killed is followed by one
    that sends it by the same id.

    Raises:
        CallsUsedUpError: the company must wait with it; the job is repeated then.
    """
    with transaction.atomic():
        found = WebhookDelivery.objects.select_related("webhook")
        locked = found.select_for_update(of=("self",), no_key=True).to_deliver()
        delivery = locked.filter(pk=delivery_id, event=TEST.key).first()
        if delivery is None:
            return
        count_webhook(Company.objects.current())
        delivery.state = DeliveryState.SENDING
        delivery.attempts += 1
        delivery.save(update_fields=["state", "attempts"])
    now, webhook = clock(), delivery.webhook
    try:
        secrets = webhook.secrets(now=now)
        outcome = send(signed_request(webhook, delivery, secrets, now=now))
    except EncryptionError as error:
        outcome = Outcome(error=str(error))
    delivery.state = DeliveryState.DELIVERED if outcome.is_delivered else DeliveryState.GIVEN_UP
    keep_outcome(delivery, outcome, now=clock())
