from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from tickets.models import Notice

AT_ONCE: Final = 1_000


def forget_notices(*, now: datetime) -> int:
    """Delete the active company's notices that are older than NOTICES_KEEP_DAYS; 0 keeps them.

    In small transactions, oldest first. Safe to repeat, and beside itself.
    """
    if not settings.NOTICES_KEEP_DAYS:
        return 0
    old = Notice.objects.filter(created_at__lt=now - timedelta(days=settings.NOTICES_KEEP_DAYS))
    total = 0
    while True:
        # By their ids, which grow with their age: the oldest are found without an index on it.
        some = list(Notice.objects.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        count, _models = old.filter(pk__in=some).delete()
        total += count
        if count < AT_ONCE:
            return total
