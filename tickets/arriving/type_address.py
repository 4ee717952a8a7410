"""The web address and the mail address of a ticket type.

Both name the company and the ticket type, and end with a signature of ours, so that nobody can try
addresses through. They open nothing by themselves: what comes to the web address must be signed
with its secret, and a mail must come from somebody of the company.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from tenants.mail.incoming.set_up import LONGEST_TOKEN, address_with, is_replying_set_up
from tickets.errors import UnknownAddressError

SALT: Final = "tickets.arriving"
LONGEST: Final = 400
_MAIL_SALT: Final = "tickets.arriving.mail"
# The replies of `tickets/notices/reply_address.py` begin with another number.
_VERSION: Final = 2
_DIGEST: Final = 12


@dataclass(frozen=True, slots=True)
class WebAddress:
    schema: str
    type_key: str

    @property
    def token(self) -> str:
        return _signer().sign_object([self.schema, self.type_key])

    @property
    def url(self) -> str:
        """The whole address; without PUBLIC_URL its path alone."""
        return f"{settings.PUBLIC_URL}{reverse('way_in', args=[self.token])}"


def read_web_token(token: str) -> WebAddress:
    """Raises UnknownAddressError: it was not signed by us."""
    if len(token) > LONGEST:
        raise UnknownAddressError
    try:
        schema, type_key = _signer().unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise UnknownAddressError from error
    return WebAddress(schema=str(schema), type_key=str(type_key))


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)


@dataclass(frozen=True, slots=True)
class MailAddress:
    """`number` is that of the WayIn."""

    company_id: int
    number: int

    @property
    def address(self) -> str:
        """Empty where mails are not answered here, or a number is beyond all bounds."""
        if not is_replying_set_up():
            return ""
        try:
            content = bytes([_VERSION]) + self.company_id.to_bytes(5) + self.number.to_bytes(4)
        except OverflowError:
            return ""
        token = _written(content + _digest(content, settings.SECRET_KEY))
        return address_with(token) if len(token) <= LONGEST_TOKEN else ""


def read_mail_token(token: str) -> MailAddress | None:
    """What stands after the + of an address; None: it is none of a ticket type of ours."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    content, digest = raw[:-_DIGEST], raw[-_DIGEST:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # Each is compared, in a time that says nothing of where they differ.
    if not any([hmac.compare_digest(_digest(content, key), digest) for key in keys]):  # noqa: C419
        return None
    if len(content) != 10 or content[0] != _VERSION:
        return None
    return MailAddress(int.from_bytes(content[1:6]), int.from_bytes(content[6:]))


def _digest(content: bytes, key: str | bytes) -> bytes:
    made = salted_hmac(_MAIL_SALT, content, secret=key, algorithm=sha256().name)
    return made.digest()[:_DIGEST]


def _written(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
