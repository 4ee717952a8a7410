"""Delivering what was noted: in the order of each ticket, at least once, always by the same id.

What one webhook is to be told of one ticket is a line, and the first of a line that is not
delivered is the one that is sent. A job looks after a line: it sends one message after the other,
each attempt recorded and committed before it, none inside a transaction. So a worker that is
killed leaves a message that says which job was sending it; whoever comes after that job sends it
again, by the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final

from django.db import transaction
from django.utils import timezone

from tenants.companies.company_limits import count_webhook
from tenants.errors import EncryptionError
from tenants.jobs import defer, is_under_way
from tenants.models import Company
from tenants.roles import SystemRole
from tickets.job_names import DELIVER_WEBHOOK
from tickets.models import DeliveryState, Webhook, WebhookDelivery, WebhookPause
from tickets.notices.kinds.webhook_paused import WEBHOOK_PAUSED
from tickets.notices.tell import tell_role
from tickets.webhooks.change_webhook import pause
from tickets.webhooks.pauses import FAILING_FOR, pause_after, rest_after
from tickets.webhooks.send import Outcome, WebhookRequest, send
from tickets.webhooks.write_body import without_answers, write_body
from workflows.actions.signature import signature_headers

type Clock = Callable[[], datetime]
type Chance = Callable[[], float]

_chance: Chance = SystemRandom().random
# Messages of a line that one job sends: then others have a turn.
MOST_AT_ONCE: Final = 20
# A job whose machine has a clock that is a little behind comes at its time all the same.
EARLY: Final = timedelta(seconds=2)
# After a rest not all lines come back in the same moment.
SPREAD_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one webhook is to be told of one ticket (0: of none), and who looks after it."""

    webhook_id: int
    ticket_id: int
    job_id: int | None
    clock: Clock
    chance: Chance

    def defer(self, *, after_seconds: float = 0) -> None:
        arguments = {"webhook_id": self.webhook_id, "ticket_id": self.ticket_id}
        defer(DELIVER_WEBHOOK, after_seconds=after_seconds, **arguments)

    def first(self) -> WebhookDelivery | None:
        deliveries = WebhookDelivery.objects.of_line(self.webhook_id, self.ticket_id or None)
        return deliveries.select_for_update(of=("self",), no_key=True).first()


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that is recorded and committed."""

    request: WebhookRequest
    delivery_id: int
    attempt: int


def deliver(
    *,
    webhook_id: int,
    ticket_id: int,
    job_id: int | None = None,
    clock: Clock = timezone.now,
    chance: Chance = _chance,
) -> None:
    """Send what a line has, one after the other, until one fails or there is none.

    Raises:
        CallsUsedUpError: the company must wait with it; the job is repeated then.
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    line = Line(webhook_id, ticket_id, job_id, clock, chance)
    for _each in range(MOST_AT_ONCE):
        begun = _begin(line)
        if begun is None or not _end(line, begun, send(begun.request)):
            return
    line.defer()


def _begin(line: Line) -> Begun | None:
    """Record an attempt at the first of the line; None where nothing is to be sent now."""
    with transaction.atomic():
        webhook = _locked(line)
        delivery = None if webhook is None else line.first()
        if webhook is None or delivery is None or not _is_due(line, webhook, delivery):
            return None
        now = line.clock()
        delivery.attempts += 1
        try:
            secrets = webhook.secrets(now=now)
        except EncryptionError as error:
            _failed(line, webhook, delivery, Outcome(error=str(error)), now=now)
            return None
        count_webhook(Company.objects.current())
        delivery.body = _body(webhook, delivery)
        delivery.state, delivery.job_id = DeliveryState.SENDING, line.job_id
        delivery.last_at = now
        delivery.save(update_fields=["body", "state", "job_id", "attempts", "last_at"])
    request = signed_request(webhook, delivery, secrets, now=now)
    return Begun(request, delivery.pk, delivery.attempts)


def _body(webhook: Webhook, delivery: WebhookDelivery) -> str:
    """The same in each attempt, but for answers that the webhook is not to have any more."""
    if delivery.body and webhook.with_answers:
        return delivery.body
    with suppress(ValueError):  # where none is written yet, too
        return without_answers(delivery.body)
    return write_body(webhook, delivery)


def signed_request(
    webhook: Webhook, delivery: WebhookDelivery, secrets: Sequence[str], *, now: datetime
) -> WebhookRequest:
    """The time in it is that of the attempt; all else is the same in each."""
    content = delivery.body.encode()
    message_id = str(delivery.message_id)
    headers = signature_headers(content, secrets=secrets, message_id=message_id, now=now)
    return WebhookRequest(webhook.url, content, headers)


def _locked(line: Line) -> Webhook | None:
    """Before any of its messages: whoever changes a webhook and what it sends does it so."""
    found = Webhook.objects.select_for_update(of=("self",), no_key=True)
    webhook = found.filter(pk=line.webhook_id).first()
    return None if webhook is None or webhook.paused else webhook


def _is_due(line: Line, webhook: Webhook, delivery: WebhookDelivery) -> bool:
    """Whether this job shall send it now. Where it is not due, another job comes at its time."""
    now = line.clock()
    if delivery.state == DeliveryState.SENDING:
        # Left by a worker that died, or being sent by another job just now.
        ours = delivery.job_id == line.job_id
        return ours or delivery.job_id is None or not is_under_way(delivery.job_id)
    if delivery.due_at is not None and delivery.due_at > now + EARLY:
        return False
    if webhook.rests_until is None or webhook.rests_until <= now:
        return True
    pause_seconds = (webhook.rests_until - now).total_seconds() + SPREAD_SECONDS * line.chance()
    _wait(line, delivery, pause_seconds, now=now)
    delivery.save(update_fields=["due_at"])
    return False


def _wait(line: Line, delivery: WebhookDelivery, seconds: float, *, now: datetime) -> None:
    delivery.due_at = now + timedelta(seconds=seconds)
    line.defer(after_seconds=seconds)


def _end(line: Line, begun: Begun, outcome: Outcome) -> bool:
    """Write down what became of an attempt; whether the line goes on at once."""
    with transaction.atomic():
        found = Webhook.objects.select_for_update(of=("self",), no_key=True)
        webhook = found.filter(pk=line.webhook_id).first()
        locked = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True)
        delivery = locked.filter(pk=begun.delivery_id).first()
        if webhook is None:  # deleted meanwhile
            return False
        if delivery is None:  # it is not told of that any more; what comes after it goes on
            return not webhook.paused
        if delivery.state != DeliveryState.SENDING or delivery.attempts != begun.attempt:
            return False  # this job was taken for dead, and another one has taken it over
        now = line.clock()
        if outcome.is_delivered:
            _delivered(webhook, delivery, outcome, now=now)
            return not webhook.paused
        return _failed(line, webhook, delivery, outcome, now=now)


def _delivered(
    webhook: Webhook, delivery: WebhookDelivery, outcome: Outcome, *, now: datetime
) -> None:
    delivery.state, delivery.due_at = DeliveryState.DELIVERED, None
    keep_outcome(delivery, outcome, now=now)
    if webhook.failures:
        webhook.failures, webhook.failing_since, webhook.rests_until = 0, None, None
        webhook.save(update_fields=["failures", "failing_since", "rests_until"])


def _failed(
    line: Line, webhook: Webhook, delivery: WebhookDelivery, outcome: Outcome, *, now: datetime
) -> bool:
    """Wait for the next attempt, or give it up: then the line goes on without it."""
    _count_failure(webhook, now=now)
    seconds = None
    if not outcome.is_gone:
        seconds = pause_after(delivery.attempts, chance=line.chance())
    if seconds is None:
        delivery.state, delivery.due_at = DeliveryState.GIVEN_UP, None
    else:
        delivery.state = DeliveryState.WAITING
        _wait(line, delivery, seconds, now=now)
    keep_outcome(delivery, outcome, now=now)
    if not webhook.paused:
        _pause_if_dead(webhook, outcome, now=now)
    return seconds is None and not webhook.paused


def keep_outcome(delivery: WebhookDelivery, outcome: Outcome, *, now: datetime) -> None:
    """Write down what was answered, with the state that follows of it."""
    delivery.last_at, delivery.status_code = now, outcome.status
    delivery.answer, delivery.error = outcome.answer, outcome.error
    delivery.save(
        update_fields=[
            *("state", "attempts", "due_at", "last_at"),
            *("status_code", "answer", "error"),
        ]
    )


def _count_failure(webhook: Webhook, *, now: datetime) -> None:
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or now
    rest = rest_after(webhook.failures)
    webhook.rests_until = now + timedelta(seconds=rest) if rest else None
    webhook.save(update_fields=["failures", "failing_since", "rests_until"])


def _pause_if_dead(webhook: Webhook, outcome: Outcome, *, now: datetime) -> None:
    why = None
    if outcome.is_gone:
        why = WebhookPause.GONE
    elif webhook.failing_since is not None and now - webhook.failing_since >= FAILING_FOR:
        why = WebhookPause.FAILING
    if why is None:
        return
    pause(webhook, why, now=now)
    tell_role(
        WEBHOOK_PAUSED,
        SystemRole.ADMIN,
        ticket_id=None,
        about={"title": webhook.title, "webhook": webhook.pk, "reason": why.value},
    )
