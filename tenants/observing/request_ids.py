"""The id of a request: from the proxy in front where that made one, else our own."""

from __future__ import annotations

import re
import uuid
from typing import Final

REQUEST_ID_HEADER: Final = "X-Request-Id"
# Where the edge tells Django which one it has given.
REQUEST_ID: Final = "ticketflower.request_id"
# What nginx, Caddy and the clouds make; nothing that somebody could have something to say with.
WELL_FORMED: Final = re.compile(r"[0-9A-Fa-f-]{16,64}")


def request_id_of(given: str | None) -> str:
    """The one that is given, where it is well formed."""
    if given is not None and WELL_FORMED.fullmatch(given):
        return given
    return uuid.uuid4().hex
