"""The addresses that mails are answered to: one mailbox, with a part of its own after a +."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from django.conf import settings

from tenants.mail.message import in_ascii

# RFC 5321 (4.5.3.1.1): what stands before the @, in bytes.
LONGEST_LOCAL: Final = 64
# The longest token that is made, and the shortest that is looked at.
LONGEST_TOKEN: Final = 48
_AFTER_PLUS: Final = rf"([a-z2-7]{{20,{LONGEST_TOKEN}}})"


def is_replying_set_up() -> bool:
    """Whether people are told that they may answer mails."""
    return bool(settings.MAIL_IN_ADDRESS)


def address_with(token: str) -> str:
    """The address for replies that has this token."""
    local, domain = _address()
    return f"{local}+{token}@{domain}"


def tokens_in(headers: Iterable[str]) -> Iterator[str]:
    """What stands after the + of the addresses for replies that these headers name."""
    if not is_replying_set_up():
        return
    local, domain = _address()
    wanted = re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+{_AFTER_PLUS}@{re.escape(domain)}(?![\w-])",
        re.IGNORECASE,
    )
    for header in headers:
        for found in wanted.finditer(header):
            yield found[1].lower()


def is_for_replies(address: str) -> bool:
    """Whether a mail comes from an address for replies itself."""
    if not is_replying_set_up():
        return False
    local, domain = _address()
    before, _at, after = address.lower().rpartition("@")
    return after == domain.lower() and before.partition("+")[0] == local.lower()


def problem_of(address: str) -> str:
    """What is wrong with an address for replies; empty: nothing."""
    try:
        local = in_ascii(address).rpartition("@")[0]
    except ValueError:
        return "it is not an address such as reply@example.com"
    if len(local) + 1 + LONGEST_TOKEN > LONGEST_LOCAL:
        return f"it has more than {LONGEST_LOCAL - 1 - LONGEST_TOKEN} characters before the @"
    return "it has a + already" if "+" in local else ""


def _address() -> tuple[str, str]:
    local, _at, domain = in_ascii(settings.MAIL_IN_ADDRESS).rpartition("@")
    return local, domain
