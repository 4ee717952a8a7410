from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tenants.names import plain_name
from tickets.errors import MayNotHideError, ReasonMissingError
from tickets.finding.write_entries import index_message
from tickets.models import Message
from tickets.models.message import LONGEST_REASON
from tickets.taking_part.access import access_to

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
        locked = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
        if locked.is_hidden:
            return
        locked.hidden_at, locked.hidden_by, locked.hidden_reason = now, user, reason
        locked.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        index_message(locked)
        record(MESSAGE_HIDDEN, about=locked, ticket=str(locked.ticket), reason=reason)
