"""Signatures after the Standard Webhooks convention (standardwebhooks.com, v1).

The other system computes the same and compares: so it knows that the call comes from the
company that it shares the secret with, is not changed, and is not an old one sent again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from workflows.actions.contract import CallRequest

PREFIX = "whsec_"
SECRET_BYTES = 32  # the convention allows 24 to 64


def make_secret() -> str:
    return PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def sign(content: bytes, *, secret: str, message_id: str, timestamp: int) -> str:
    """One signature: `v1,` and the base64 of HMAC-SHA256 over id.timestamp.content.

    Raises:
        ValueError: the secret is not `whsec_` and base64.
    """
    if not secret.startswith(PREFIX):
        raise ValueError("A signing secret begins with whsec_.")
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signature_headers(
    content: bytes, *, secrets: Sequence[str], message_id: str, now: datetime
) -> dict[str, str]:
    """What is sent besides the content: one signature for each secret that is valid."""
    timestamp = int(now.timestamp())
    signatures = [
        sign(content, secret=each, message_id=message_id, timestamp=timestamp) for each in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def signed(request: CallRequest, *, secrets: Sequence[str], now: datetime) -> CallRequest:
    """The request with its signature headers."""
    message_id = request.idempotency_key
    headers = signature_headers(request.content, secrets=secrets, message_id=message_id, now=now)
    return replace(request, headers={**request.headers, **headers})
