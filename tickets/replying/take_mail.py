"""What becomes of a mail that somebody has sent to an address for replies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, IntegrityError, transaction
from django_tenants.utils import tenant_context

from tenants.connection import current_schema, use_public
from tenants.errors import CompanyLimitError, RateLimitedError
from tenants.hooks import Hook
from tenants.limits.table import REFUSED_MAILS_RECORDED
from tenants.mail.incoming.authentication import is_forged
from tenants.mail.incoming.loops import why_automatic
from tenants.mail.incoming.quotations import cut_quotations
from tenants.mail.incoming.read_mail import (
    IncomingFile,
    IncomingMail,
    UnreadableMailError,
    digest_of,
    read_mail,
)
from tenants.mail.incoming.set_up import tokens_in
from tenants.mail.models import ReceivedMail, Refusal
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company, User
from tenants.names import plain_email
from tenants.observing.log_context import note
from tickets.conversation.errors import (
    EmptyMessageError,
    MayNotWriteError,
    MessageTooLongError,
    TooManyFilesError,
    TooManyMessagesError,
)
from tickets.conversation.write_message import (
    MOST_FILES,
    ensure_not_too_many,
    plain_message,
    write_message,
)
from tickets.errors import TicketsError
from tickets.files.clean_up_uploads import discard_uploads
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import keep_file
from tickets.models import Ticket, Visibility
from tickets.notices.reply_address import ReplyAddress, read_token
from tickets.replying.answering import answer_politely
from tickets.taking_part.access import access_to
from workflows.fields.file.file_input import checked

logger = logging.getLogger(__name__)

_REASONS: Final[dict[type[Exception], Refusal]] = {
    MayNotWriteError: Refusal.NO_ACCESS,
    EmptyMessageError: Refusal.EMPTY,
    MessageTooLongError: Refusal.TOO_LONG,
    TooManyMessagesError: Refusal.TOO_MANY,
    TooManyFilesError: Refusal.FILES,
    UnknownUploadError: Refusal.FILES,
    ValidationError: Refusal.FILES,
    CompanyLimitError: Refusal.STORAGE,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a mail. `refusal` says why it was not taken; None: it is a message now, or was
    one already."""

    refusal: Refusal | None = None


class MailTaker(Protocol):
    """Takes mails to an address of another kind, in its company."""

    @property
    def company_id(self) -> int: ...

    def take(
        self, mail: IncomingMail, raw: bytes | None, seen: ReceivedMail, now: datetime
    ) -> Taken:
        """`mail` has the headers alone; `raw` is all of it; None: it is too large."""


# Who takes what is sent to an address with this token; subjects above register.
OTHER_ADDRESSES: Final[Hook[[str], MailTaker | None]] = Hook()


class _RefusedError(Exception):
    """`tell` is who may be told politely."""

    def __init__(self, reason: Refusal, tell: User | None = None) -> None:
        super().__init__(reason.value)
        self.reason, self.tell = reason, tell


def take_mail(raw: bytes, *, now: datetime, headers_only: bool = False) -> Taken:
    """Make a message of a mail (RFC 5322), or keep why it was refused. Outside of companies.

    However often the same mail comes, and wherever this breaks off: there is one message at most,
    and none without the note that the mail was taken. `headers_only`: the rest is too large.

    What is refused stands in the list of the company that it was meant for, else in that of the
    installation, without what it says. Its headers alone decide who is heard: of anybody else
    nothing more is read.

    Raises:
        CompanyBehindError, and what the database raises: it can be taken later.
    """
    use_public()
    try:
        mail = read_mail(raw, headers_only=True)
    except UnreadableMailError as error:
        return refuse(ReceivedMail(digest=digest_of(raw)), error.reason)
    seen = ReceivedMail(digest=mail.digest, sender=mail.sender)
    tokens = list(tokens_in(mail.recipients))
    to = next((found for each in tokens if (found := read_token(each)) is not None), None)
    if to is None and (other := _taker_of(tokens)) is not None:
        return _take_otherwise(other, mail, None if headers_only else raw, seen, now)
    company = None if to is None else Company.objects.filter(pk=to.company_id).first()
    if to is None or company is None:
        return refuse(seen, Refusal.UNKNOWN_ADDRESS if tokens else Refusal.NO_ADDRESS)
    if not company.is_active or company.is_to_be_deleted:
        return refuse(seen, Refusal.SWITCHED_OFF)
    ensure_up_to_date(company)
    note(company=company.schema_name)
    with tenant_context(company):
        return _take(mail, None if headers_only else raw, to, seen, now)


def _taker_of(tokens: list[str]) -> MailTaker | None:
    found = (each for token in tokens for each in OTHER_ADDRESSES.call_all(token))
    return next((each for each in found if each is not None), None)


def _take_otherwise(
    taker: MailTaker, mail: IncomingMail, raw: bytes | None, seen: ReceivedMail, now: datetime
) -> Taken:
    company = Company.objects.filter(pk=taker.company_id).first()
    if company is None:
        return refuse(seen, Refusal.UNKNOWN_ADDRESS)
    if not company.is_active or company.is_to_be_deleted:
        return refuse(seen, Refusal.SWITCHED_OFF)
    ensure_up_to_date(company)
    note(company=company.schema_name)
    with tenant_context(company):
        earlier = ReceivedMail.objects.filter(digest=mail.digest).first()
        if earlier is not None:
            return of_earlier(earlier)
        if (automatic := why_automatic(mail)) is not None:
            return refuse(seen, automatic)
        if is_forged(mail):
            return refuse(seen, Refusal.FORGED)
        return taker.take(mail, raw, seen, now)


def _take(
    mail: IncomingMail, raw: bytes | None, to: ReplyAddress, seen: ReceivedMail, now: datetime
) -> Taken:
    """In the company. `mail` has the headers alone; `raw` is all of it; None: it is too large."""
    seen.ticket_id = to.ticket_id
    earlier = ReceivedMail.objects.filter(digest=mail.digest).first()
    if earlier is not None:
        return of_earlier(earlier)
    try:
        person, ticket, visibility = _ensure_may_be_taken(mail, to, now)
        seen.person_id = person.pk
        with _telling(person):
            if raw is None:
                raise UnreadableMailError(Refusal.TOO_LARGE)
            return _write(read_mail(raw), seen, person, ticket, visibility, now)
    except _RefusedError as refused:
        return refuse(seen, refused.reason, tell=refused.tell, now=now)


def _ensure_may_be_taken(
    mail: IncomingMail, to: ReplyAddress, now: datetime
) -> tuple[User, Ticket, Visibility]:
    """Who writes, on which ticket, and who reads it.

    An answer to what the team alone reads stays with the team: where its sender is not of the
    team any more it is refused, and never shown to more people than what it answers.
    """
    if (automatic := why_automatic(mail)) is not None:
        raise _RefusedError(automatic)
    if is_forged(mail):
        raise _RefusedError(Refusal.FORGED)
    company = Company.objects.current()
    people = User.objects.active().filter(company=company)
    person = people.filter(pk=to.person_id).first()
    if person is None:
        raise _RefusedError(Refusal.NO_ACCESS)
    if not is_address_of(person, mail.sender):
        other = people.filter(email=mail.sender).first() if mail.sender else None
        raise _RefusedError(Refusal.WRONG_SENDER, other)
    if to.is_expired(now):
        raise _RefusedError(Refusal.EXPIRED, person)
    ticket = Ticket.objects.filter(pk=to.ticket_id).first()
    visibility = Visibility.INTERNAL if to.is_internal else Visibility.PUBLIC
    if ticket is None or not access_to(ticket, person).may_write(visibility):
        raise _RefusedError(Refusal.NO_ACCESS, person)
    return person, ticket, visibility


def is_address_of(person: User, sender: str) -> bool:
    """The domain may be written with its own letters, or as the network knows it."""
    if not sender:
        return False
    return person.email == sender or _as_network_knows(person.email) == _as_network_knows(sender)


def _as_network_knows(address: str) -> str:
    local, at, domain = plain_email(address).rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return f"{local}{at}{domain}"


def _write(
    mail: IncomingMail,
    seen: ReceivedMail,
    person: User,
    ticket: Ticket,
    visibility: Visibility,
    now: datetime,
) -> Taken:
    text = plain_message(cut_quotations(mail.text))
    if not text and not mail.files:
        raise EmptyMessageError
    ensure_not_too_many(person, now, more=1)
    # Committed before the message: where this process dies, they belong to nothing, and are deleted
    # as files are that were never sent.
    kept: list[UUID] = []
    try:
        _keep_files(mail.files, person, kept)
        with transaction.atomic():
            seen.save(force_insert=True)  # whoever takes the same mail at this moment waits here
            written = write_message(
                ticket=ticket,
                user=person,
                text=text,
                visibility=visibility,
                files=kept,
                token=seen.digest[:32],
                now=now,
            )
            seen.message_id = written.message.pk
            seen.save(update_fields=["message_id"])
    except IntegrityError:
        earlier = ReceivedMail.objects.filter(digest=seen.digest).first()
        if earlier is None:
            raise
        return of_earlier(earlier)
    finally:
        discard_unused(kept)
    return Taken()


def _keep_files(files: tuple[IncomingFile, ...], person: User, kept: list[UUID]) -> None:
    """Store them, and say in `kept` which ones: also where it breaks off."""
    if len(files) > MOST_FILES:
        raise TooManyFilesError(MOST_FILES)
    sent = [
        checked(SimpleUploadedFile(each.name, each.content, each.content_type)) for each in files
    ]
    for file in sent:
        kept.append(UUID(str(keep_file(file=file, user=person)["upload"])))  # noqa: PERF401


def discard_unused(kept: list[UUID]) -> None:
    """Those that belong to no message. What fails here is done after a week."""
    if not kept:
        return
    try:
        discard_uploads(kept)
    except Error:
        logger.exception("Files of a mail that is no message could not be deleted")


@contextmanager
def _telling(person: User) -> Iterator[None]:
    """What the services refuse is a refusal of the mail."""
    try:
        yield
    except (TicketsError, CompanyLimitError, ValidationError) as error:
        for kind, reason in _REASONS.items():
            if isinstance(error, kind):
                raise _RefusedError(reason, person) from error
        raise
    except UnreadableMailError as error:
        raise _RefusedError(error.reason, person) from error


def refuse(
    seen: ReceivedMail, reason: Refusal, *, tell: User | None = None, now: datetime | None = None
) -> Taken:
    """Keep that it was refused, and tell its sender where that is somebody of the company.

    So many an hour stand one by one in each list: whoever sends more fills nothing.
    """
    seen.pk, seen.refusal, seen.message_id = None, reason, None
    earlier = ReceivedMail.objects.filter(digest=seen.digest).first()
    if earlier is not None:
        return of_earlier(earlier)
    try:
        REFUSED_MAILS_RECORDED.count(current_schema())
    except RateLimitedError:
        return Taken(reason)
    try:
        with transaction.atomic():
            seen.save(force_insert=True)
            if tell is not None and now is not None:
                answer_politely(tell, reason, now=now)
    except IntegrityError:
        logger.info("A mail was refused twice at once")
    return Taken(reason)


def of_earlier(earlier: ReceivedMail) -> Taken:
    return Taken(Refusal(earlier.refusal) if earlier.refusal in Refusal.values else None)


def keep_as_failed(what: str) -> None:
    """Keep that a mail could not be handled; `what` names it, and nothing of what it says."""
    use_public()
    refuse(ReceivedMail(digest=digest_of(what.encode())), Refusal.FAILED)
