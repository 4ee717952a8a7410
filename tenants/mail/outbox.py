"""Putting mails into the outbox, in the transaction of what causes them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from tenants.connection import current_schema
from tenants.encryption import encrypt
from tenants.jobs import defer_many
from tenants.mail.models import (
    LONGEST_ADDRESS,
    LONGEST_MESSAGE_ID,
    LONGEST_SUBJECT,
    MailStatus,
    OutgoingMail,
)
from tenants.mail.set_up import own_domain
from tenants.models import User
from tenants.models.user import ACCOUNTS_DOMAIN

SEND_MAIL: Final = "mail.jobs.send_mail"
# In characters.
LONGEST_TEXT: Final = 100_000
LONGEST_HTML: Final = 300_000
# How many numbers of mails that came before one of them names.
MOST_REFERENCES: Final = 20
# A mail that nobody takes is tried for so long, where it does not say how long it makes sense.
PATIENCE: Final = timedelta(days=3)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the company's storage: its name there, its name for people, its media type."""

    key: str
    filename: str
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A mail to one recipient, as it is put into the outbox.

    `to` is a person or an address; `kind` says in a word what it is about. `html` may be left out.
    `name` names the mail (letters, digits, dots and dashes), so that it is put into the outbox once
    however often that is asked for, and so that others can answer to it (`message_id_of`); without
    one its number is made up. `in_reply_to` and `references` are numbers of mails (with their
    brackets), the oldest first. `list_unsubscribe` is an absolute address that takes a POST with no
    question asked (RFC 8058). `expires` is how long the mail makes sense. A mail that `is_secret`
    holds something that logs somebody in. `attachments` are read when it is sent.
    """

    to: User | str
    kind: str
    subject: str
    text: str
    html: str = ""
    name: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    reply_to: str = ""
    list_unsubscribe: str = ""
    expires: timedelta = PATIENCE
    is_secret: bool = False
    attachments: Sequence[Attachment] = ()


def queue_mail(
    *,
    to: User | str,
    kind: str,
    subject: str,
    text: str,
    html: str = "",
    name: str = "",
    in_reply_to: str = "",
    references: Sequence[str] = (),
    reply_to: str = "",
    list_unsubscribe: str = "",
    expires: timedelta = PATIENCE,
    is_secret: bool = False,
) -> int | None:
    """Put a mail into the outbox of the active schema; what each value is says `NewMail`.

    Returns its id; None where one of that `name` is there already. Two statements.

    Raises:
        ValueError: the address is empty or too long, or the name is none.
    """
    mail = NewMail(
        to=to,
        kind=kind,
        subject=subject,
        text=text,
        html=html,
        name=name,
        in_reply_to=in_reply_to,
        references=references,
        reply_to=reply_to,
        list_unsubscribe=list_unsubscribe,
        expires=expires,
        is_secret=is_secret,
    )
    return next(iter(queue_mails([mail])), None)


def queue_mails(mails: Iterable[NewMail]) -> list[int]:
    """Put many into the outbox, by two statements; the ids of those that were not there yet.

    What would go to a service account is left out: nobody reads it.

    Raises:
        ValueError: as `queue_mail`.
    """
    now = timezone.now()
    rows = [_row(each, now) for each in mails if not _is_to_account(each)]
    if not rows:
        return []
    # Part of the caller's, where there is one: without the statements of a savepoint.
    with transaction.atomic(savepoint=False):
        ids = _insert(rows)
        defer_many(SEND_MAIL, [{"mail_id": each} for each in ids])
    return ids


def message_id_of(name: str) -> str:
    """The number (Message-ID) of the mail that has this name in the active schema.

    Raises:
        ValueError: it has other characters than letters, digits, dots and dashes, or too many.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"“{name}” cannot be the name of a mail.")
    # Companies know nothing of each other, and their mails may meet in one mailbox.
    schema = hashlib.sha256(current_schema().encode()).hexdigest()[:10]
    return f"<{name}.{schema}@{own_domain()}>"


def plain_line(text: str, *, most: int) -> str:
    """A text in one line, as headers need it: what would end the line is a space."""
    line = " ".join(_CONTROL.sub(" ", _storable(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _insert(rows: Sequence[OutgoingMail]) -> list[int]:
    """Those whose number is there already are left out; the ids of the others."""
    columns = [field for field in OutgoingMail._meta.concrete_fields if not field.primary_key]
    names = sql.SQL(", ").join(sql.Identifier(field.column) for field in columns)
    one = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(columns)))
    statement = sql.SQL(
        "INSERT INTO {} ({}) VALUES {} ON CONFLICT (message_id) DO NOTHING RETURNING id"
    ).format(
        sql.Identifier(current_schema(), OutgoingMail._meta.db_table),
        names,
        sql.SQL(", ").join([one] * len(rows)),
    )
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection)
        for row in rows
        for field in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [int(pk) for (pk,) in cursor.fetchall()]


def _row(mail: NewMail, now: datetime) -> OutgoingMail:
    address = mail.to.email if isinstance(mail.to, User) else mail.to.strip()
    if not address or len(address) > LONGEST_ADDRESS:
        raise ValueError("A mail needs an address, of 254 characters at most.")
    text, html = _shortened(_storable(mail.text)), _storable(mail.html)
    if len(html) > LONGEST_HTML:  # half of it would be shown as nonsense
        html = ""
    if mail.is_secret:
        text, html = encrypt(text), encrypt(html)
    references = [_number(each) for each in mail.references]
    return OutgoingMail(
        kind=mail.kind,
        person_id=mail.to.pk if isinstance(mail.to, User) else None,
        to=plain_line(address, most=LONGEST_ADDRESS),
        subject=plain_line(mail.subject, most=LONGEST_SUBJECT),
        text=text,
        html=html,
        is_secret=mail.is_secret,
        message_id=message_id_of(mail.name or secrets.token_hex(16)),
        in_reply_to=_number(mail.in_reply_to) if mail.in_reply_to else "",
        references=" ".join(references[-MOST_REFERENCES:]),
        reply_to=plain_line(mail.reply_to, most=LONGEST_ADDRESS),
        list_unsubscribe=plain_line(mail.list_unsubscribe, most=2_000),
        attachments=[
            {
                "key": each.key,
                "filename": plain_line(each.filename, most=LONGEST_ADDRESS),
                "type": plain_line(each.content_type, most=100),
            }
            for each in mail.attachments
        ],
        status=MailStatus.WAITING,
        created_at=now,
        due_at=now,
        give_up_at=now + mail.expires,
    )


def _is_to_account(mail: NewMail) -> bool:
    if isinstance(mail.to, User):
        return mail.to.is_account
    return mail.to.strip().lower().endswith(f"@{ACCOUNTS_DOMAIN}")


def _number(text: str) -> str:
    number = plain_line(text, most=LONGEST_MESSAGE_ID)
    if not (number.startswith("<") and number.endswith(">")) or " " in number:
        raise ValueError(f"“{number}” is not the number of a mail.")
    return number


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _storable(text: str) -> str:
    """Without what no Postgres text can hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
