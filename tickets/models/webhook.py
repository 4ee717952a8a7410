from __future__ import annotations

from typing import ClassVar, Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from tickets.models.rolled_secret import RolledSecret
from workflows.models.composed_json import ComposedJson
from workflows.models.status import one_of

LONGEST_ADDRESS = 1_000


class WebhookPause(models.TextChoices):
    """Why nothing is sent to a webhook."""

    BY_HAND = "BY_HAND", _("Somebody has paused it.")
    FAILING = "FAILING", _("The other system has taken nothing for days.")
    GONE = "GONE", _("The other system has answered that the address is gone (410).")


class DeliveryState(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    SENDING = "SENDING", _("Being sent")
    DELIVERED = "DELIVERED", _("Delivered")
    GIVEN_UP = "GIVEN_UP", _("Given up")


# A test is sent by itself, beside all lines.
TEST_EVENT = "test"
# Of these states is what is still to be delivered.
TO_DELIVER = (DeliveryState.WAITING, DeliveryState.SENDING)
# Added to the queries that begin a step: whether there is a webhook that may be told of it.
WATCHED: Final = {
    "is_watched": "EXISTS (SELECT FROM tickets_webhook WHERE tickets_webhook.paused = '')"
}


class Webhook(RolledSecret):
    """An address of another system, which is told what happens.

    `events` are the keys of the kinds that it is told of (tickets/webhooks/kinds.py), and
    `ticket_types` the keys of the ticket types whose tickets it is told of; none: of all. The
    secret stands encrypted; one that was replaced is signed with, too, until `old_until`.

    `failures` is how many attempts have failed one after the other, since `failing_since`; until
    `rests_until` none is made, so that an address that is dead holds up nothing else.
    """

    title = models.CharField(_("title"), max_length=LONGEST_NAME)
    url = models.CharField(_("address"), max_length=LONGEST_ADDRESS)
    events = models.JSONField(_("events"), default=list)
    ticket_types = models.JSONField(_("ticket types"), default=list, blank=True)
    with_answers = models.BooleanField(_("with answers"), default=False)
    paused = models.CharField(
        _("paused"), max_length=20, choices=WebhookPause.choices, blank=True, default=""
    )
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    rests_until = models.DateTimeField(_("rests until"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    @property
    def host(self) -> str:
        """The address without path and query, in which people put tokens. For lists and logs."""
        return urlsplit(self.url).netloc


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def to_deliver(self) -> WebhookDeliveryQuerySet:
        return self.filter(state__in=TO_DELIVER)

    def of_line(self, webhook_id: int, ticket_number: int | None) -> WebhookDeliveryQuerySet:
        """What is to be delivered about one ticket (None: about none), in its order."""
        line = self.to_deliver().filter(webhook=webhook_id, ticket_number=ticket_number)
        return line.exclude(event=TEST_EVENT).order_by("pk")


class WebhookDelivery(models.Model):
    """Something that happened, for one webhook; and in the end what was sent and answered.

    `message_id` is the webhook-id, the same in every attempt. `about` is what the event said when
    it happened; the `body` is made of it for the first attempt, and stays. `ticket_number` is no
    foreign key: the log may outlast a ticket.
    """

    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_index=False,  # `webhook_delivery_of` begins with it
        # A step that notes something while its webhook is deleted must not fail for that, nor
        # whoever deletes it. What is left of such a race is deleted by `look_after_webhooks`.
        db_constraint=False,
        verbose_name=_("webhook"),
    )
    message_id = models.UUIDField(_("webhook-id"), default=uuid4, editable=False)
    event = models.CharField(_("event"), max_length=60)
    ticket_number = models.BigIntegerField(_("ticket"), null=True, blank=True)
    about = models.JSONField(_("about"), encoder=ComposedJson, default=dict)
    happened_at = models.DateTimeField(_("happened at"))
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=DeliveryState.choices,
        default=DeliveryState.WAITING,
        db_default=DeliveryState.WAITING,
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, db_default=0)
    due_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    last_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    job_id = models.BigIntegerField(_("job"), null=True, blank=True, editable=False)
    body = models.TextField(_("what was sent"), blank=True, default="", db_default="")
    status_code = models.PositiveIntegerField(_("answered with"), null=True, blank=True)
    answer = models.TextField(_("answer"), blank=True, default="", db_default="")
    error = models.TextField(_("why not"), blank=True, default="", db_default="")

    objects: ClassVar[WebhookDeliveryQuerySet] = WebhookDeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-pk",)
        constraints = (
            one_of("state", DeliveryState, name="webhook_delivery_state_known"),
            models.UniqueConstraint(fields=("message_id",), name="webhook_delivery_once"),
        )
        indexes = (
            models.Index(fields=("webhook", "-id"), name="webhook_delivery_of"),
            # Each job looks for the first of its line.
            models.Index(
                fields=("webhook", "ticket_number", "id"),
                condition=Q(state__in=("WAITING", "SENDING")),
                name="webhook_delivery_line",
            ),
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("WAITING", "SENDING")),
                name="webhook_delivery_due",
            ),
            models.Index(
                fields=("ticket_number",),
                condition=Q(ticket_number__isnull=False),
                name="webhook_delivery_ticket",
            ),
            # What is kept no longer is found by it.
            models.Index(fields=("happened_at",), name="webhook_delivery_happened"),
        )

    def __str__(self) -> str:
        return f"{self.event} ({self.message_id})"
