"""The signed address to which a mail about a ticket is answered.

It names company, ticket, person and day, and whether the answer is for the team alone. Nobody else
can make one: it ends with a digest under the installation's secret. It is written with small
letters and digits, as some mail servers change others, and short enough for what may stand before
an @. It opens nothing: it says where an answer belongs, and whoever sends it must be that person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from tenants.mail.incoming.set_up import is_replying_set_up
from tenants.mail.incoming.tokens import content_of_token, signed_address

# After so many days a mail cannot be answered any more.
DAYS: Final = 90
_SALT: Final = "tickets.notices.reply_address"
_VERSION: Final = 1
_INTERNAL: Final = 0x80
_BEGAN: Final = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where an answer belongs. `is_internal`: it is for the team alone."""

    company_id: int
    ticket_id: int
    person_id: int
    is_internal: bool
    made_on: date

    def is_expired(self, now: datetime) -> bool:
        return now.date() - self.made_on > timedelta(days=DAYS)


def reply_address(
    *, company_id: int, ticket_id: int, person_id: int, is_internal: bool, now: datetime
) -> str:
    """The address; empty where mails are not answered here, or a number is beyond all bounds."""
    if not is_replying_set_up():
        return ""
    day = (now.date() - _BEGAN).days
    if not 0 <= day < 2**16:
        return ""
    content = bytes([_VERSION | (_INTERNAL if is_internal else 0)]) + day.to_bytes(2, "big")
    content += b"".join(map(_packed, (company_id, ticket_id, person_id)))
    return signed_address(content, salt=_SALT)


def read_token(token: str) -> ReplyAddress | None:
    """What a token names; None: it is not one of ours. However old it is."""
    content = content_of_token(token, salt=_SALT)
    if content is None or len(content) < 6 or content[0] & ~_INTERNAL != _VERSION:
        return None
    numbers = _unpacked(content[3:])
    if len(numbers) != 3:
        return None
    made_on = _BEGAN + timedelta(days=int.from_bytes(content[1:3], "big"))
    company_id, ticket_id, person_id = numbers
    return ReplyAddress(
        company_id, ticket_id, person_id, is_internal=bool(content[0] & _INTERNAL), made_on=made_on
    )


def _packed(number: int) -> bytes:
    """Seven bits in a byte, the lowest first; the highest bit says that more come."""
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(found) + bytes([number])


def _unpacked(raw: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for each in raw:
        number |= (each & 0x7F) << shift
        shift += 7
        if each < 0x80:
            numbers.append(number)
            number, shift = 0, 0
    return numbers
