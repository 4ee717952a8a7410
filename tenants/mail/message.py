"""A mail as it is sent: bytes, with its headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.validators import validate_email

from tenants.encryption import decrypt
from tenants.mail.models import OutgoingMail
from tenants.mail.set_up import sender


class _Sent(EmailPolicy):
    """A long address stays whole: the library would encode it, and no mail program read it."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == "List-Unsubscribe" and value.isascii():
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_MEDIA_TYPE: Final = re.compile(r"([a-z0-9.+-]{1,60})/([a-z0-9.+-]{1,100})")
_AS_SENT: Final = _Sent(linesep=SMTP.linesep)


def texts_of(mail: OutgoingMail) -> tuple[str, str]:
    """Text and HTML.

    Raises:
        UndecryptableError: it holds a secret, and the key is gone.
    """
    if mail.is_secret:
        return decrypt(mail.text), decrypt(mail.html)
    return mail.text, mail.html


def message_of(mail: OutgoingMail) -> bytes:
    """The mail in the form of RFC 5322, in seven bits, with CRLF at the ends of lines.

    The library refuses a header with the end of a line in it; the outbox keeps none.

    Raises:
        ValueError: the address of the recipient is none, or a file is gone.
        OSError: the files cannot be read now.
        UndecryptableError: as `texts_of`.
    """
    text, html = texts_of(mail)
    name, address = sender()
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(addr_spec=in_ascii(mail.to))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    # Nobody answers by machine: RFC 3834, and what Exchange has for it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=in_ascii(mail.reply_to))
    if mail.in_reply_to:
        message["In-Reply-To"] = mail.in_reply_to
    if mail.references:
        message["References"] = mail.references
    if mail.list_unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.list_unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text, cte="quoted-printable")
    if html:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
    for each in mail.attachments:
        _attach(message, each)
    return message.as_bytes(policy=_AS_SENT)


def _attach(message: EmailMessage, attachment: Mapping[str, str]) -> None:
    """A file of the company's storage, as something to be saved and not to be shown.

    Its type is what the upload was taken for; one that a mail program might run is none.
    """
    try:
        with default_storage.open(attachment["key"]) as file:
            content = file.read()
    except FileNotFoundError as error:
        raise ValueError("A file of the mail is not there any more.") from error
    found = _MEDIA_TYPE.fullmatch(attachment.get("type", "").lower())
    main, sub = found.groups() if found else ("application", "octet-stream")
    if main in ("text", "message", "multipart"):  # their content would have to be one of theirs
        main, sub = "application", "octet-stream"
    message.add_attachment(content, maintype=main, subtype=sub, filename=attachment["filename"])


def in_ascii(address: str) -> str:
    """An address whose domain is written as the network knows it.

    Raises:
        ValueError: it is none, or has letters before the @ that few servers take.
    """
    local, _at, domain = address.rpartition("@")
    try:
        validate_email(address)
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except (ValidationError, UnicodeError) as error:
        raise ValueError("The address is not one that mail can be sent to.") from error
