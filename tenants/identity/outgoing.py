"""How an identity provider is asked. A customer wrote its address: it is called as actions call.

The client, and what says where calls may go, stand above (workflows/actions): it registers here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any, Final

from django.utils.translation import gettext as _

from tenants.errors import IdentityProviderError
from tenants.hooks import Hook

# In seconds, for each of the at most four calls of a log-in; a page waits for them.
SECONDS: Final = 4
MOST_BYTES: Final = 64 * 1024
# So many calls at once in a process, so that one that hangs leaves threads for others.
_AT_ONCE: Final = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request to send; without content it is a GET."""

    url: str
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Fetched:
    status: int
    body: bytes


# Registered once. Raises a TicketFlowerError, for people, where the address may not be called,
# or does not answer in time or with too much.
send: Hook[[Fetch], Fetched] = Hook()


def fetch_json(request: Fetch) -> dict[str, Any]:
    """What it answers: a JSON object.

    Raises:
        IdentityProviderError: it answers something else, or with an error.
        TicketFlowerError: it may not be called, or does not answer.
    """
    if not _AT_ONCE.acquire(timeout=SECONDS):
        raise IdentityProviderError(_("Many people log in at this moment. Try again."))
    try:
        [answer] = send.call_all(request)
    finally:
        _AT_ONCE.release()
    if answer.status != 200:
        text = _("The identity provider answered with status %(status)d.")
        raise IdentityProviderError(text % {"status": answer.status})
    if len(answer.body) > MOST_BYTES:
        raise IdentityProviderError(_("The identity provider answered with too much."))
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise IdentityProviderError from error
    if not isinstance(found, dict):
        raise IdentityProviderError
    return found
