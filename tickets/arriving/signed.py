"""Whether a message that came in is signed as the Standard Webhooks convention says."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenants.connection import current_schema
from tenants.limits.table import WAY_IN_MESSAGES
from tickets.arriving.errors import NotSignedError
from workflows.actions.signature import sign

# In seconds: of older ones, and of those from the future, nobody knows whether they are new.
WINDOW: Final = 300
LONGEST_ID: Final = 255
# Signatures by several secrets: more are not looked at.
MOST_SIGNATURES: Final = 10


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """What the headers say of a message: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

    message_id: str
    timestamp: str
    signatures: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> SignedMessage:
        return cls(
            headers.get("webhook-id", ""),
            headers.get("webhook-timestamp", ""),
            headers.get("webhook-signature", ""),
        )

    def ensure_signed(self, content: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Raises NotSignedError, without saying which of it is wrong."""
        digits = self.timestamp
        if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
            raise NotSignedError
        is_named = 0 < len(self.message_id) <= LONGEST_ID and self.message_id.isprintable()
        if not is_named or not self.message_id.isascii():
            raise NotSignedError
        if abs(now.timestamp() - int(digits)) > WINDOW:
            raise NotSignedError
        given = self.signatures.split()[:MOST_SIGNATURES]
        expected = [
            sign(content, secret=each, message_id=self.message_id, timestamp=int(digits))
            for each in secrets
        ]
        # Each with each, in a time that says nothing of where they differ.
        fits = [
            hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected
        ]
        if not any(fits):
            raise NotSignedError


def count_message(type_key: str) -> None:
    """Count what came in for a ticket type of the company at work, once it is known to be signed.

    What anybody may send to the address counts for its sender alone.

    Raises:
        RateLimitedError
    """
    WAY_IN_MESSAGES.count(f"{current_schema()}\n{type_key}")
