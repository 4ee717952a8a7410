"""Real mail for the walk: a server that takes what is sent (SMTP), a mailbox for replies (IMAP).

Both are those of the tests. Without Dovecot replies are handed on as a provider of mail does it, by
`POST /mail-in/`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from project.development.smoke.browsing import SmokeError

if TYPE_CHECKING:
    from tenants.mail.tests.mail_server import MailServer
    from tickets.replying.tests.imap_server import ImapServer

# What a developer's own `.env` may say of mail, which must not get any of these.
MAIL_VARIABLES = (
    *("MAIL_HOST", "MAIL_FROM", "MAIL_USER", "MAIL_PASSWORD", "MAIL_SECURITY", "MAIL_PORT"),
    *("MAIL_FOLDER", "MAIL_TIMEOUT_SECONDS", "MAIL_IN_ADDRESS", "MAIL_IN_HOST", "MAIL_IN_USER"),
    *("MAIL_IN_PASSWORD", "MAIL_IN_SECURITY", "MAIL_IN_PORT", "MAIL_IN_FOLDER", "MAIL_IN_TOKEN"),
    *("MAIL_IN_DONE_FOLDER", "MAIL_IN_AUTHSERV_ID", "MAIL_IN_MOST_BYTES", "PUBLIC_URL"),
)
REPLIES_TO = "reply@smoke.example"
TOKEN = "a-token-of-the-provider"  # noqa: S105 - of a server that runs for a minute
SECONDS = 90  # that a mail gets; the worker looks each minute by itself
QUOTED = "\n\nOn Sun, 3 May 2026 at 10:00, TicketFlower wrote:\n> Is it plugged in?\n"


@dataclass
class PostOffice:
    """What was sent is kept here; `mailbox` is None where replies go by the webhook."""

    address: str
    smtp: MailServer
    mailbox: ImapServer | None
    # A process that has set Django up hands the worker what it else does each minute.
    hurry: Callable[[], None] = lambda: None

    def mail_to(self, email: str, *, saying: str) -> EmailMessage:
        """The newest mail to somebody whose text has these words.

        Raises SmokeError where none comes.
        """
        self.hurry()
        deadline = time.monotonic() + SECONDS
        while True:
            for mail in reversed(list(self.smtp.received)):
                if email in str(mail["To"]) and saying in text_of(mail):
                    return mail
            if time.monotonic() > deadline:
                subjects = [f"{each['To']}: {each['Subject']}" for each in self.smtp.received]
                raise SmokeError(f"{email} gets no mail that says {saying!r}. Sent: {subjects}")
            time.sleep(0.1)

    def link_to(self, email: str, path: str, *, saying: str) -> str:
        """The first address below a path of ours that stands in such a mail."""
        text = text_of(self.mail_to(email, saying=saying))
        found = re.search(rf"{re.escape(self.address)}{path}\S+", text)
        if found is None:
            raise SmokeError(f"The mail to {email} has no link to {path}: {text}")
        return found[0]

    def reply(self, mail: EmailMessage, text: str) -> None:
        """Answer a mail, as a mail program does."""
        answer = EmailMessage()
        answer["From"], answer["To"] = str(mail["To"]), str(mail["Reply-To"])
        answer["Subject"] = f"Re: {mail['Subject']}"
        answer["Message-ID"] = make_msgid(domain="smoke.example")
        answer["In-Reply-To"] = str(mail["Message-ID"])
        answer.set_content(text + QUOTED)
        if self.mailbox is not None:
            self.mailbox.deliver(answer.as_bytes())
            self.hurry()
            return
        headers = {"Authorization": f"Bearer {TOKEN}"}
        taken = httpx.post(
            f"{self.address}/mail-in/", content=answer.as_bytes(), headers=headers, timeout=30
        )
        if taken.json() != {"status": "taken"}:
            raise SmokeError(f"/mail-in/ answers a reply with {taken.status_code}: {taken.text}")


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    body = mail.get_body(("plain",))
    return "" if body is None else str(body.get_content())


@contextmanager
def post_office(address: str) -> Iterator[PostOffice]:
    """Both servers, which the environment of what is started meanwhile names. Django is set up."""
    from tenants.mail.tests.mail_server import MailServer  # noqa: PLC0415 - they need Django
    from tenants.mail.tests.test_send_mail import certificate  # noqa: PLC0415
    from tickets.replying.tests import imap_server  # noqa: PLC0415

    with ExitStack() as stack:
        smtp = stack.enter_context(MailServer())
        named = {**smtp.environment(), "PUBLIC_URL": address, "MAIL_IN_ADDRESS": REPLIES_TO}
        mailbox = None
        if imap_server.find_dovecot():
            _context, file = stack.enter_context(certificate())
            key = Path(file).with_name("key.pem")
            mailbox = stack.enter_context(imap_server.ImapServer(certificate=Path(file), key=key))
            named |= {name: str(value) for name, value in mailbox.settings().items()}
        else:
            print(f"{imap_server.NOT_FOUND} They go by POST /mail-in/.", flush=True)
            named["MAIL_IN_TOKEN"] = TOKEN
        with variables(named):
            yield PostOffice(address, smtp, mailbox, hurry)


def hurry() -> None:
    """Defer what the worker does each minute: it is done the same way, only now."""
    from procrastinate.contrib.django import app  # noqa: PLC0415

    from tenants.connection import use_public  # noqa: PLC0415
    from tickets.job_names import MAIL_NOTICES_EVERYWHERE, READ_MAILBOX  # noqa: PLC0415

    use_public()
    for name in (READ_MAILBOX, MAIL_NOTICES_EVERYWHERE):
        app.tasks[name].defer(timestamp=int(time.time()))


@contextmanager
def variables(changed: Mapping[str, str]) -> Iterator[None]:
    """The environment with these in it."""
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
