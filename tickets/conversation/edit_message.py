from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from tenants.models import User
from tickets.conversation.errors import (
    EmptyMessageError,
    MayNotWriteError,
    MessageHiddenError,
    NotYourMessageError,
    TooManyEditsError,
)
from tickets.conversation.mentions import find_mentions
from tickets.conversation.telling import people_to_tell, tell_of
from tickets.conversation.write_message import Written, plain_message
from tickets.finding.write_entries import index_message
from tickets.models import Message
from tickets.taking_part.access import access_to, participants

MOST_EDITS: Final = 50


def edit_message(*, message: Message, user: User, text: str, now: datetime) -> Written:
    """Say something else in a message of one's own. What it said before is kept for the team.

    Whom it names only now is told. The same text is no edit.

    Raises:
        NotYourMessageError: somebody else wrote it.
        MayNotWriteError: this person takes no such part in the ticket any more.
        MessageHiddenError: it was hidden.
        EmptyMessageError, MessageTooLongError, TooManyEditsError: it cannot be kept like this.
    """
    text = plain_message(text)
    with transaction.atomic():
        # Its own row alone: it is joined with others that nobody changes.
        locked = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
        if not locked.is_by(user):
            raise NotYourMessageError
        if locked.is_hidden:
            raise MessageHiddenError
        if not access_to(locked.ticket, user).may_write(locked.visibility):
            raise MayNotWriteError
        if text == locked.text:
            return Written(locked, is_new=False)
        if not text and not locked.files.exists():
            raise EmptyMessageError
        if len(locked.earlier) >= MOST_EDITS:
            raise TooManyEditsError
        everybody = participants(locked.ticket)
        named_before = locked.mentioned_ids
        mentions = find_mentions(text, visibility=locked.visibility, among=everybody)
        locked.earlier = [*locked.earlier, {"text": locked.text, "until": now.isoformat()}]
        locked.text, locked.mentions, locked.edited_at = text, mentions.named, now
        locked.save(update_fields=["text", "mentions", "earlier", "edited_at"])
        index_message(locked)
        told = people_to_tell(locked, everybody)
        tell_of(locked, [e for e in told if e.is_mentioned and e.person.pk not in named_before])
    return Written(locked, strangers=mentions.strangers)
