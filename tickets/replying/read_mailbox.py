"""Reading the mailbox: each mail by itself, and marked once its message is committed."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from tenants.errors import CompanyBehindError, RateLimitedError
from tenants.limits.rates import counted_of_each
from tenants.limits.table import DAY, MAIL_ATTEMPTS, MAIL_TURNS
from tenants.mail.incoming.mailbox import Mailbox
from tickets.replying.take_mail import Taken, keep_as_failed, take_mail

logger = logging.getLogger(__name__)

# Of one run: mails that are handled, and after how many seconds it begins no other.
MOST: Final = 100
SECONDS: Final = 50
# Whatever number; nothing else here takes locks of this kind.
LOCK: Final = 7_463_627_044


def read_mailbox() -> Counter[str] | None:
    """Handle what has arrived; what became of how many. None: another process is at it.

    A mail is marked as read (or moved) once what became of it is committed; a process that dies
    before finds it again, and the mail makes no second message. What cannot be handled stays, is
    tried again after all others, and is left aside when it was tried too often. Where it waits for
    its company only, it waits for as long as that takes.

    Raises:
        MailboxError: the mailbox cannot be read (any further).
    """
    with _alone() as is_alone:
        if not is_alone:
            return None
        with Mailbox() as box:
            return _read(box)


def _read(box: Mailbox) -> Counter[str]:
    found: Counter[str] = Counter()
    until = time.monotonic() + SECONDS
    keys = {_key(box, each): each for each in box.numbers()}
    turns = counted_of_each(MAIL_TURNS.kind, keys, seconds=DAY)
    # Whoever waits lets all others go first, however many wait.
    for key in sorted(keys, key=lambda each: (turns[each], int(keys[each])))[:MOST]:
        if time.monotonic() > until:
            break
        MAIL_TURNS.count(key)
        found[_handle(box, keys[key], key)] += 1
    return found


def _handle(box: Mailbox, number: str, key: str) -> str:
    try:
        MAIL_ATTEMPTS.count(key)
    except RateLimitedError:
        keep_as_failed(key)
        box.done(number)
        return "failed"
    size = box.size(number)
    if size is None:
        return "gone"
    is_too_large = size > settings.MAIL_IN_MOST_BYTES
    raw = box.read_headers(number) if is_too_large else box.read(number)
    if raw is None:
        return "gone"
    try:
        taken = _take(raw, headers_only=is_too_large)
    except CompanyBehindError:
        MAIL_ATTEMPTS.give_back(key)  # the mail is none the worse for it, however long that takes
        return "later"
    if taken is None:
        return "later"
    box.done(number)
    return "taken" if taken.refusal is None else "refused"


def _take(raw: bytes, *, headers_only: bool) -> Taken | None:
    """None: not now. A mail that breaks something stops no other.

    Raises:
        CompanyBehindError
    """
    try:
        return take_mail(raw, now=timezone.now(), headers_only=headers_only)
    except CompanyBehindError:
        raise
    except Error:
        if not connection.is_usable():
            raise
        logger.exception("A mail could not be handled now")
    except Exception:
        logger.exception("A mail could not be handled")
    return None


def _key(box: Mailbox, number: str) -> str:
    return f"{box.name}|{number}"


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other process reads the mailbox now. The lock belongs to a connection of its own,
    and is gone with this process."""
    guard = connection.copy()
    try:
        with guard.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            (is_alone,) = cursor.fetchone()
        try:
            yield bool(is_alone)
        finally:
            # A server that is told to close the connection does so a little later.
            with suppress(Error), guard.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        guard.close()
