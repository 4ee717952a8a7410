"""Handing a mail to whoever carries it on: a server (SMTP), or a folder where there is none.

The very end of a mail is sent only after `before_the_end` has said that it may be: until then the
server has nothing, and whatever breaks off is tried again.
"""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext

from tenants.mail.set_up import is_mail_set_up, own_domain, sender

# The end of a mail may be judged for long: RFC 5321 (4.5.3.2.6) asks for ten minutes. Whoever gives
# up earlier does not know whether it was taken.
SECONDS_FOR_THE_END: Final = 300
_END: Final = b".\r\n"
_SERVICE_READY, _OK, _START_INPUT, _TOO_LARGE = 220, 250, 354, 552
_BARE: Final = re.compile(rb"\r\n|\r|\n")


class NotHandedOverError(Exception):
    """The mail was not taken; `reason` is what the server or the network said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TryAgainError(NotHandedOverError):
    """It may be taken later."""


class RefusedError(NotHandedOverError):
    """It never will be."""


class UnsureError(NotHandedOverError):
    """All of it was sent, and no answer came."""


def hand_over(message: bytes, *, to: str, name: str, before_the_end: Callable[[], bool]) -> None:
    """Hand a mail over; `name` is that of its file, where there is no server.

    Nothing was handed over where `before_the_end` answers False: somebody else does it.

    Raises:
        TryAgainError, RefusedError: it was not taken.
        UnsureError: nobody knows.
    """
    if is_mail_set_up():
        _send(message, to=to, before_the_end=before_the_end)
    elif before_the_end():
        _write(message, name=name)


def _write(message: bytes, *, name: str) -> None:
    """The file appears complete. Once more it is the same one."""
    folder: Path = settings.MAIL_FOLDER
    draft = folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.touch(mode=0o600)
        draft.write_bytes(message)
        draft.replace(folder / f"{name}.eml")
    except OSError as error:
        reason = gettext("The file could not be written: %(reason)s")
        raise TryAgainError(reason % {"reason": error.strerror}) from error


def _send(message: bytes, *, to: str, before_the_end: Callable[[], bool]) -> None:
    try:
        server = _connect()
    except (OSError, ValueError) as error:
        raise TryAgainError(_said(error)) from error
    try:
        _begin(server, to=to)
        _hand_over(server, message, before_the_end)
    finally:
        server.close()


def _begin(server: smtplib.SMTP, *, to: str) -> None:
    """All that comes before the mail itself."""
    try:
        code, answer = server.mail(sender()[1])
        # That the sender is refused says more of the settings than of this mail.
        _ensure(code == _OK, answer, code, for_good=code == _TOO_LARGE)
        code, answer = server.rcpt(to)
        _ensure(code in (_OK, 251), answer, code)
        code, answer = server.docmd("DATA")
        _ensure(code == _START_INPUT, answer, code)
    except (OSError, ValueError) as error:  # ValueError: an address that is not in ASCII
        raise TryAgainError(_said(error)) from error


def _hand_over(server: smtplib.SMTP, message: bytes, before_the_end: Callable[[], bool]) -> None:
    body = _BARE.sub(b"\r\n", message)
    body = re.sub(rb"(?m)^\.", b"..", body)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    try:
        server.send(body)
    except OSError as error:
        raise TryAgainError(_said(error)) from error
    if not before_the_end():
        return  # the connection is closed in the middle: nothing was sent
    try:
        if server.sock is not None:
            server.sock.settimeout(SECONDS_FOR_THE_END)
        server.send(_END)
        code, answer = server.getreply()
    except OSError as error:
        raise UnsureError(_said(error)) from error
    with contextlib.suppress(OSError):
        server.putcmd("QUIT")  # whatever is said to that, what counts was answered
    _ensure(code == _OK, answer, code)


def _connect() -> smtplib.SMTP:
    """Raises OSError: what smtplib raises is one, too. ValueError: a name that is none."""
    host, port = settings.MAIL_HOST, settings.MAIL_PORT
    seconds, own = settings.MAIL_TIMEOUT_SECONDS, own_domain()
    if settings.MAIL_SECURITY == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, own, timeout=seconds, context=context)
    else:
        server = smtplib.SMTP(host, port, own, timeout=seconds)
    try:
        if settings.MAIL_SECURITY == "starttls":
            # Raises where the server does not know it: nothing goes in the clear then.
            server.starttls(context=ssl.create_default_context())
        server.ehlo_or_helo_if_needed()
        if settings.MAIL_USER:
            server.login(settings.MAIL_USER, settings.MAIL_PASSWORD)
    except BaseException:
        server.close()
        raise
    return server


def _ensure(is_fine: bool, answer: bytes, code: int, *, for_good: bool | None = None) -> None:
    if is_fine:
        return
    reason = f"{code} {answer.decode('utf-8', 'replace')}".strip()
    if for_good if for_good is not None else code >= 500:
        raise RefusedError(reason)
    raise TryAgainError(reason)


def _said(error: Exception) -> str:
    """What the server or the network said, without what we sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {said}".strip()
    return f"{type(error).__name__}: {error}"
