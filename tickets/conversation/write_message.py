from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from tenants.models import User
from tickets.conversation.errors import (
    EmptyMessageError,
    MayNotWriteError,
    MessageTooLongError,
    TooManyFilesError,
    TooManyMessagesError,
)
from tickets.conversation.go_on import take_answer
from tickets.conversation.mentions import find_mentions
from tickets.conversation.telling import people_to_tell, tell_of
from tickets.files.keep_file import claim_message_files
from tickets.finding.write_entries import index_message
from tickets.models import FileUpload, Message, Ticket, Visibility
from tickets.models.message import LONGEST_MESSAGE
from tickets.taking_part.access import access_to, participants
from tickets.webhooks.of_events import note_message
from workflows.engine.values.composed import composed_text

MOST_FILES: Final = 10
# Of one person, on all tickets: others are told of each by mail.
MOST_AN_HOUR: Final = 120


@dataclass(frozen=True, slots=True)
class Written:
    """`is_new`: not the same form again. `strangers`: see `Mentions`."""

    message: Message
    is_new: bool = True
    strangers: list[str] = field(default_factory=list)


def write_message(
    *,
    ticket: Ticket,
    user: User,
    text: str,
    visibility: Visibility = Visibility.PUBLIC,
    files: Collection[UUID] = (),
    token: str,
    now: datetime,
    asks: bool = False,
) -> Written:
    """Write on a ticket, whatever its status. The same token makes one message.

    Where a task waits for an answer of the requester, this is it if they write it to everybody.

    `asks`: the requester is told otherwise, as of a question; see `ask_requester`.
    `files` are uploads of this person that belong to nothing yet. Who is named and may not read
    the message is not told.

    Raises:
        MayNotWriteError: this person takes no such part in the ticket.
        EmptyMessageError, MessageTooLongError, TooManyFilesError: it cannot be kept like this.
        TooManyMessagesError: this person wrote too many within an hour.
        UnknownUploadError: a file is not this person's, or belongs to something already.
    """
    if not access_to(ticket, user).may_write(visibility):
        raise MayNotWriteError
    text = plain_message(text)
    if not text and not files:
        raise EmptyMessageError
    if len(files) > MOST_FILES:
        raise TooManyFilesError(MOST_FILES)
    with transaction.atomic():
        _hold(ticket)
        everybody = participants(ticket)
        mentions = find_mentions(text, visibility=visibility, among=everybody)
        message = Message(
            ticket=ticket,
            visibility=visibility,
            text=text,
            mentions=mentions.named,
            written_by=user,
            written_at=now,
            token=token,
        )
        if (earlier := _save_once(message, files)) is not None:
            return Written(earlier, is_new=False)
        ensure_not_too_many(user, now)
        own = _unused(files, user, token)
        if not text and not own:
            raise EmptyMessageError
        claim_message_files(own, message=message, user=user)
        index_message(message)
        told = people_to_tell(message, everybody)
        asked = ticket.created_by_id if asks else None
        tell_of(message, [each for each in told if each.person.pk != asked])
        note_message(message)
        take_answer(message)
    return Written(message, strangers=mentions.strangers)


def plain_message(text: str) -> str:
    """A message as it is kept: in composed form, without blank lines around it.

    Raises:
        MessageTooLongError
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = composed_text(text.encode(errors="replace").decode()).strip()
    if len(text) > LONGEST_MESSAGE:
        raise MessageTooLongError(len(text), LONGEST_MESSAGE)
    return text


def _hold(ticket: Ticket) -> None:
    """Keep the ticket from being deleted before this commits; steps of it go on meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM tickets_ticket WHERE id = %s FOR KEY SHARE", [ticket.pk])
        if cursor.fetchone() is None:
            raise MayNotWriteError


def ensure_not_too_many(user: User, now: datetime, *, more: int = 0) -> None:
    """Of those that are saved already, and so many `more`.

    Raises:
        TooManyMessagesError
    """
    since = Message.objects.filter(written_by=user, written_at__gt=now - timedelta(hours=1))
    if since.count() + more > MOST_AN_HOUR:
        raise TooManyMessagesError(MOST_AN_HOUR)


def _unused(files: Collection[UUID], user: User, token: str) -> Collection[UUID]:
    """Without those that another message of the same form has already."""
    if not files:
        return files
    used = FileUpload.objects.filter(uuid__in=files, message__written_by=user, message__token=token)
    return set(files) - set(used.values_list("uuid", flat=True))


def sent_before(message: Message, files: Collection[UUID]) -> Message | None:
    """What was saved of the same form, that is of this token, these words and these files.

    Another text with the same token comes from a tab that was opened twice.
    """
    with_token = Message.objects.filter(written_by=message.written_by, token=message.token)
    earlier = with_token.select_related("ticket").first()
    return earlier if earlier is not None and _is_same(earlier, message, files) else None


def _save_once(message: Message, files: Collection[UUID]) -> Message | None:
    """Save it, unless the same was sent with its token: then that one, and nothing is saved.

    Another text with the same token comes from a tab that was opened twice: it is a message of its
    own. Who sends the same at the same moment waits here.
    """
    with_token = Message.objects.filter(written_by=message.written_by, token=message.token)
    for _time in range(2):
        earlier = with_token.first()
        if earlier is not None and _is_same(earlier, message, files):
            return earlier
        if earlier is not None:
            message.token = uuid4().hex
        try:
            with transaction.atomic():
                message.save()
        except IntegrityError:
            continue
        return None
    return with_token.get()


def _is_same(one: Message, other: Message, files: Collection[UUID]) -> bool:
    # It may have been edited since.
    text = one.earlier[0]["text"] if one.earlier else one.text
    if (one.ticket_id, one.visibility, text) != (other.ticket_id, other.visibility, other.text):
        return False
    # By their names, and without versions that came later: whoever sends a form again sends its
    # files again, too.
    own = FileUpload.objects.filter(uploaded_by=other.written_by, uuid__in=files)
    sent = one.files.filter(Q(first=None) | ~Q(first__message=one))
    names = [list(each.order_by("filename", "pk").values_list("filename", flat=True))
             for each in (own, sent)]  # fmt: skip
    return names[0] == names[1]
