"""A row of each kind that a path of the API names: of whichever company the test is in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tenants.models import User
from tickets.linking.link_tickets import link_tickets
from tickets.models import (
    BulkChange,
    BulkRetry,
    CannedReply,
    LinkKind,
    Message,
    Notice,
    RecurringStart,
    SavedAnswers,
    Ticket,
    Webhook,
    WebhookDelivery,
)
from workflows.models import Contact, Invitation

if TYPE_CHECKING:
    from django.db.models import Model


def rows_of_each_kind(
    ticket: Ticket, other: Ticket, *, person: User, admin: User, mark: str, now: datetime
) -> dict[str, Model]:
    """By the name of the parameter of a path that names it; `person` has the personal ones.

    `mark` is in the texts that people see. What belongs to a ticket belongs to `ticket`, which
    is linked to the other one.
    """
    webhook = Webhook.objects.create(
        title=mark, url=f"https://{mark}.example", created_by=admin, created_at=now
    )
    Contact.objects.create(email=f"{mark}@example.com".lower(), name=mark)
    return {
        "ticket_id": ticket,
        "link_id": link_tickets(
            ticket=ticket, number=other.pk, kind=LinkKind.RELATES, user=person, now=now
        ),
        "message_id": Message.objects.create(
            ticket=ticket, text=f"{mark} said", written_by=person, written_at=now
        ),
        "notice_id": Notice.objects.create(recipient=person, kind="ticket_ended", ticket=ticket),
        "retry_id": BulkRetry.objects.create(total=1, created_by=admin, reason=mark),
        "change_id": BulkChange.objects.create(total=1, created_by=admin, verb="hold", reason=mark),
        "saved_id": SavedAnswers.objects.create(
            user=person,
            ticket_definition=ticket.definition,
            title=mark,
            slot="a",
            answers=ticket.data,
        ),
        "reply_id": CannedReply.objects.create(name=mark, text="Hello"),
        "start_id": RecurringStart.objects.create(type_key=ticket.definition.key, key="weekly"),
        "webhook_id": webhook,
        "delivery_id": WebhookDelivery.objects.create(
            webhook=webhook, event="ticket_submitted", happened_at=now
        ),
        "invitation_id": Invitation.objects.create(
            email=f"who@{mark}.example".lower(),
            first_name=mark,
            invited_by=admin,
            sent_at=now,
            expires_at=now + timedelta(days=7),
        ),
        "offer_id": ticket.definition,
    }
