"""What must hold of webhooks: somebody delivers what they are to be told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.health import mending
from tickets.health.finding import Finding, finding
from tickets.webhooks.kinds import title_of
from tickets.webhooks.look_after_webhooks import stuck_lines


def webhook_findings() -> Iterator[Finding]:
    """One query, however many there are."""
    for webhook, ticket, event, title in stuck_lines(now=timezone.now()):
        message = _(
            "The webhook “%(webhook)s” is to be told of an event (%(event)s), but no job does it."
        )
        message %= {"webhook": title, "event": title_of(event)}
        yield finding(ticket or None, message, partial(mending.requeue_webhook, webhook, ticket))
