"""The mailbox in which replies arrive, by IMAP.

Of imap-tools its connection is used, and not what it makes of mails: those are read within bounds.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from django.conf import settings
from imap_tools import (
    BaseMailBox,
    MailBox,
    MailBoxStartTls,
    MailBoxUnencrypted,
    MailMessageFlags,
)
from imap_tools.errors import ImapToolsError

from tenants.mail.incoming.read_mail import MOST_HEADERS

_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxError(Exception):
    """The mailbox cannot be reached, or does not do what it is asked. Says what it said."""


def is_mailbox_set_up() -> bool:
    return bool(settings.MAIL_IN_HOST)


class Mailbox:
    """One connection to the mailbox, as its settings say; use it with `with`.

    Raises, also of its methods:
        MailboxError
    """

    def __init__(self) -> None:
        self._box = self._connect()
        self.name = "|".join(
            (
                settings.MAIL_IN_HOST,
                settings.MAIL_IN_USER,
                settings.MAIL_IN_FOLDER,
                self._validity(),
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(imaplib.IMAP4.error, ImapToolsError, OSError):
            self._box.logout()

    def numbers(self) -> list[str]:
        """Those of the mails that nobody has read yet, the oldest first."""
        criteria = "ALL" if settings.MAIL_IN_DONE_FOLDER else "UNSEEN"
        with _said():
            return sorted(self._box.uids(criteria, charset=None), key=int)

    def size(self, number: str) -> int | None:
        """In bytes; None: it is not there any more."""
        found = _SIZE.search(b" ".join(self._fetch(number, "(RFC822.SIZE)")))
        return int(found[1]) if found else None

    def read(self, number: str) -> bytes | None:
        """The mail, which stays unread; None: it is not there any more."""
        return self._content(number, "(BODY.PEEK[])")

    def read_headers(self, number: str) -> bytes | None:
        return self._content(number, f"(BODY.PEEK[HEADER]<0.{MOST_HEADERS}>)")

    def done(self, number: str) -> None:
        """Mark it as read, or move it to where those are that were read."""
        folder = settings.MAIL_IN_DONE_FOLDER
        with _said():
            self._box.flag([number], MailMessageFlags.SEEN, True)
            if folder:
                if not self._box.folder.exists(folder):
                    self._box.folder.create(folder)
                self._box.move([number], folder)

    def _content(self, number: str, what: str) -> bytes | None:
        found = [each for each in self._fetch(number, what, contents=True) if each]
        return found[0] if found else None

    def _fetch(self, number: str, what: str, *, contents: bool = False) -> list[bytes]:
        with _said():
            status, found = self._box.client.uid("FETCH", number, what)
        if status != "OK":
            raise MailboxError(f"A mail could not be fetched: {status}")
        parts: list[bytes] = []
        for each in found or []:
            if isinstance(each, tuple):
                parts.append(bytes(each[1 if contents else 0]))
            elif isinstance(each, bytes) and not contents:
                parts.append(each)
        return parts

    def _validity(self) -> str:
        """The number that says whether those of mails mean what they meant before."""
        with _said():
            status = self._box.folder.status(settings.MAIL_IN_FOLDER, ["UIDVALIDITY"])
        return str(status.get("UIDVALIDITY", 0))

    def _connect(self) -> BaseMailBox:
        host, port = settings.MAIL_IN_HOST, settings.MAIL_IN_PORT
        seconds, security = settings.MAIL_TIMEOUT_SECONDS, settings.MAIL_IN_SECURITY
        with _said():
            box: BaseMailBox
            if security == "none":
                box = MailBoxUnencrypted(host, port, timeout=seconds)
            elif security == "starttls":
                context = ssl.create_default_context()
                box = MailBoxStartTls(host, port, timeout=seconds, ssl_context=context)
            else:
                context = ssl.create_default_context()
                box = MailBox(host, port, timeout=seconds, ssl_context=context)
            user, password = settings.MAIL_IN_USER, settings.MAIL_IN_PASSWORD
            log_in = box.login if (user + password).isascii() else box.login_utf8
            try:
                log_in(user, password, initial_folder=settings.MAIL_IN_FOLDER)
            except BaseException:
                with suppress(imaplib.IMAP4.error, OSError):
                    box.client.shutdown()
                raise
        return box


class _said:  # noqa: N801
    """What goes wrong inside becomes a MailboxError, without what we have sent."""

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, imaplib.IMAP4.error | ImapToolsError | OSError):
            raise MailboxError(f"{type(error).__name__}: {str(error)[:300]}") from error
