from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tenants.names import plain_name
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.conversation.errors import MayNotHideError
from tickets.errors import ReasonMissingError
from tickets.finding.write_entries import index_message
from tickets.models import Message
from tickets.models.message import LONGEST_REASON
from tickets.taking_part.access import access_to
from workflows.running.events.of_talk.message_hidden import MESSAGE_HIDDEN as HIDDEN_EVENT
from workflows.running.workflow_repair import WorkflowRepair

MESSAGE_HIDDEN: Final = declare("tickets.message_hidden", _("A message was hidden"))


def hide_message(*, message: Message, user: User, reason: str, now: datetime) -> None:
    """Show a message to ticket admins only; everybody else reads who hid it, and why.

    Hiding it again changes nothing.

    Raises:
        MayNotHideError: this person is no ticket admin.
        ReasonMissingError: it does not say why.
    """
    reason = plain_name(reason)[:LONGEST_REASON]
    if not access_to(message.ticket, user).may_hide:
        raise MayNotHideError
    if not reason:
        raise ReasonMissingError
    with transaction.atomic():
        locked, manager = lock_to_hide(message, user, now)
        if locked.is_hidden:
            return
        locked.hidden_at, locked.hidden_by, locked.hidden_reason = now, user, reason
        locked.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        index_message(locked)
        if manager is not None:
            manager.record_message(
                HIDDEN_EVENT, number=locked.pk, by=locked.written_by, reason=reason
            )
        record(MESSAGE_HIDDEN, about=locked, ticket=str(locked.ticket), reason=reason)


def lock_to_hide(
    message: Message, user: User, now: datetime
) -> tuple[Message, WorkflowRepair | None]:
    """The locked message, and who writes into its ticket's history.

    None: the ticket's workflow could not be started, and there is no history yet.

    Raises:
        MayNotHideError: this person is no ticket admin.
    """
    ticket = lock_ticket(message.ticket_id)
    if not access_to(ticket, user).may_hide:
        raise MayNotHideError
    manager = None
    if ticket.workflow_instance_id is not None:
        manager = lock_instance_of(ticket, WorkflowRepair, now=now, actor=user)
    # Its own row alone: it is joined with others that nobody changes.
    locked = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    return locked, manager
