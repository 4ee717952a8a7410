"""Standard Webhooks, checked as whoever receives a message would: written from the specification
(github.com/standard-webhooks), and with nothing of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 5 * 60


class NotVerifiedError(Exception):
    pass


def verify(body: bytes, headers: Mapping[str, str], *, secret: str, now: float) -> str:
    """The id of the message. Raises NotVerifiedError."""
    known = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = known["webhook-id"], known["webhook-timestamp"]
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotVerifiedError("too old or too new")
    key = base64.b64decode(secret.split("_", 1)[1])
    to_sign = message_id.encode() + b"." + timestamp.encode() + b"." + body
    expected = base64.b64encode(hmac.digest(key, to_sign, hashlib.sha256)).decode()
    for each in known["webhook-signature"].split(" "):
        version, _comma, signature = each.partition(",")
        if version == "v1" and hmac.compare_digest(signature, expected):
            return message_id
    raise NotVerifiedError("no signature fits")
