"""The document in which a program describes itself, at the address that is its name.

A stranger wrote the address, so it is called as actions call: only public places, at the address
that was checked, no redirects, bounded in time and size. Nobody is told what answered.
"""

from __future__ import annotations

import re
from hashlib import sha256
from ipaddress import ip_address
from threading import BoundedSemaphore
from typing import Any, Final

from django.core.cache import cache

from tenants.connecting.errors import UnknownProgramError
from tenants.errors import TicketFlowerError
from tenants.identity.outgoing import Fetch, send
from tenants.limits.table import PROGRAM_DOCUMENTS, PROGRAM_DOCUMENTS_OF_COMPANY
from tenants.models import User
from tenants.observing.log_context import note_reason
from tenants.sent_json import read_json

SECONDS: Final = 3
MOST_BYTES: Final = 10_000
KEPT_SECONDS: Final = 10 * 60
# So many at once in a process, so that one that hangs leaves threads for others.
_AT_ONCE: Final = BoundedSemaphore(2)
# https, a name with a dot, and a path; in small letters, so that one place has one name.
_ADDRESS: Final = re.compile(
    r"https://([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)(?::[0-9]{1,5})?"
    r"(/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]+)"
)
# Names that lead to the reader's own machine, or network, wherever it is.
_OWN_NAMES: Final = (".localhost", ".local", ".internal", ".lan", ".home", ".arpa", ".invalid")


def described(address: str, *, asked_by: User) -> dict[str, Any]:
    """What a program says of itself.

    Kept for a while, by each process and company for itself.

    Raises:
        UnknownProgramError: it is no such address, or no such document is there.
        RateLimitedError: this person, or their company, has asked for too many.
    """
    if not is_address(address):
        raise UnknownProgramError
    key = f"connecting.described.{sha256(address.encode()).hexdigest()}"
    kept: dict[str, Any] | None = cache.get(key)
    if kept is not None:
        return kept
    count_look_up(asked_by)
    document = _fetched(address)
    cache.set(key, document, KEPT_SECONDS)
    return document


def count_look_up(person: User) -> None:
    """Raises RateLimitedError: this person, or their company, has had too many looked up."""
    PROGRAM_DOCUMENTS.count(str(person.pk))
    PROGRAM_DOCUMENTS_OF_COMPANY.count(str(person.company_id))


def is_address(text: str) -> bool:
    """Whether a program may be called so: a name of the public network, and a plain path."""
    found = _ADDRESS.fullmatch(text)
    if found is None or found[1].endswith(_OWN_NAMES) or _is_number(found[1]):
        return False
    steps = found[2].split("/")[1:]
    return not {"", ".", ".."} & set(steps) and "%2e" not in text.lower()


def host_of(address: str) -> str:
    """The host of an address that is one."""
    found = _ADDRESS.fullmatch(address)
    return found[1] if found else ""


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host.rpartition(".")[2].isdigit()  # 127.1 is looked up as 127.0.0.1
    return True


def _fetched(address: str) -> dict[str, Any]:
    if not _AT_ONCE.acquire(timeout=SECONDS):
        raise UnknownProgramError
    try:
        [answer] = send.call_all(Fetch(address, timeout_seconds=SECONDS))
    except TicketFlowerError as error:
        note_reason(type(error).__name__)
        raise UnknownProgramError from error
    finally:
        _AT_ONCE.release()
    if answer.status != 200 or len(answer.body) > MOST_BYTES:
        raise UnknownProgramError
    try:
        found = read_json(answer.body)
    except (ValueError, RecursionError) as error:
        raise UnknownProgramError from error
    if not isinstance(found, dict):
        raise UnknownProgramError
    return found
