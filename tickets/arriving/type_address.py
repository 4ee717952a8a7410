"""The web address and the mail address of a ticket type.

Both name the company and the ticket type, and end with a signature of ours, so that nobody can try
addresses through. They open nothing by themselves: what comes to the web address must be signed
with its secret, and a mail must come from somebody of the company.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

from tenants.mail.incoming.set_up import is_replying_set_up
from tenants.mail.incoming.tokens import content_of_token, signed_address
from tickets.arriving.errors import UnknownAddressError

SALT: Final = "tickets.arriving"
LONGEST: Final = 400
_MAIL_SALT: Final = "tickets.arriving.mail"
# The replies of `tickets/notices/reply_address.py` begin with another number.
_VERSION: Final = 2


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
        return signed_address(content, salt=_MAIL_SALT)


def read_mail_token(token: str) -> MailAddress | None:
    """What stands after the + of an address; None: it is none of a ticket type of ours."""
    content = content_of_token(token, salt=_MAIL_SALT)
    if content is None or len(content) != 10 or content[0] != _VERSION:
        return None
    return MailAddress(int.from_bytes(content[1:6]), int.from_bytes(content[6:]))
