from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tickets.conversation.hide_message import lock_to_hide
from tickets.finding.write_entries import index_message
from tickets.models import Message
from workflows.running.events.of_talk.message_shown import MESSAGE_SHOWN as SHOWN_EVENT

MESSAGE_SHOWN: Final = declare("tickets.message_shown", _("A hidden message was shown again"))


def show_message(*, message: Message, user: User, now: datetime) -> None:
    """Let a hidden message be read again by whoever could read it before.

    It is found by searches again, and notices of it say again what it says. Nobody is told anew.
    Showing one that is not hidden changes nothing.

    Raises:
        MayNotHideError: this person is no ticket admin.
    """
    with transaction.atomic():
        locked, manager = lock_to_hide(message, user, now)
        if not locked.is_hidden:
            return
        reason = locked.hidden_reason
        locked.hidden_at, locked.hidden_by, locked.hidden_reason = None, None, ""
        locked.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        index_message(locked)
        if manager is not None:
            manager.record_message(SHOWN_EVENT, number=locked.pk, by=locked.written_by)
        record(MESSAGE_SHOWN, about=locked, ticket=str(locked.ticket), was_hidden_for=reason)
