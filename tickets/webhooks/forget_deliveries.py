"""The end of the log of webhooks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from tickets.models import WebhookDelivery

AT_ONCE: Final = 1_000


def forget_deliveries(*, now: datetime) -> int:
    """Delete what is older than WEBHOOKS_KEEP_DAYS, in small transactions; returns how many.

    0 keeps all of it. Also what waits all that time, as its webhook is paused. Safe to repeat, and
    beside itself.
    """
    if not settings.WEBHOOKS_KEEP_DAYS:
        return 0
    until, total = now - timedelta(days=settings.WEBHOOKS_KEEP_DAYS), 0
    while True:
        old = WebhookDelivery.objects.filter(happened_at__lt=until).order_by("happened_at")
        some = list(old.values_list("pk", flat=True)[:AT_ONCE])
        count, _models = WebhookDelivery.objects.filter(pk__in=some).delete()
        total += count
        if len(some) < AT_ONCE:
            return total
