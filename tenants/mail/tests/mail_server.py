"""A mail server that a test starts: it speaks SMTP on this machine, and does as it is told."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from django.test import override_settings

from tenants.testing_tools.waits import PATIENCE

# It tells every line that it hears.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
SENDER = "Tickets <tickets@ticketflower.example>"
SITE = "https://tickets.example"
OK = "250 OK"


@dataclass
class MailServer:
    """What it has taken is in `received`. `at_recipient` and `at_end` say what it answers to the
    n-th recipient and the n-th mail (from 0): an answer, or None to cut the connection. A mail
    counts as received where its answer begins with 2, before that is sent."""

    at_recipient: Callable[[int], str | None] = lambda number: OK
    at_end: Callable[[int], str | None] = lambda number: OK
    user: str = ""
    password: str = ""
    tls: Any = None  # an SSLContext: STARTTLS is demanded
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    mails: int = 0
    raw: list[bytes] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        self.port = free_port()
        options: dict[str, Any] = {}
        if self.tls is not None:
            options |= {"tls_context": self.tls, "require_starttls": True}
        if self.user:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": False,
            }
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE, **options
        )
        self._controller.start()
        self._settings = override_settings(**self.settings())
        self._settings.enable()
        return self

    def __exit__(self, *error: object) -> None:
        self._settings.disable()
        self._controller.stop(no_assert=True)

    def settings(self) -> dict[str, Any]:
        return {
            "MAIL_HOST": "127.0.0.1",
            "MAIL_PORT": self.port,
            "MAIL_SECURITY": "none",
            "MAIL_FROM": SENDER,
            "MAIL_TIMEOUT_SECONDS": PATIENCE,
            "PUBLIC_URL": SITE,
        }

    def environment(self) -> dict[str, str]:
        """The same for a process of its own."""
        return {name: str(value) for name, value in self.settings().items()}

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == (self.user, self.password), handled=False)

    # What aiosmtpd calls

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        number = len(self.recipients)
        self.recipients.append(address)
        answer = await asyncio.to_thread(self.at_recipient, number)
        if answer is None:
            server.transport.abort()
            return "421 Gone"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        number, self.mails = self.mails, self.mails + 1
        content = envelope.content
        assert isinstance(content, bytes)
        self.senders.append(str(envelope.mail_from))
        self.raw.append(content)
        answer = await asyncio.to_thread(self.at_end, number)
        if answer is None:
            server.transport.abort()
            return "421 Gone"
        if answer.startswith("2"):
            message = message_from_bytes(content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.received.append(message)
        return answer


@dataclass
class Hanging:
    """An answer that never comes, until the test ends; `reached` says that it is waited for."""

    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        self.reached.set()
        self.let_go.wait(PATIENCE)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
