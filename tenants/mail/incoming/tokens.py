"""What stands after the + of an address that mails are answered to: a few bytes, signed by us.

Nobody else can make one: it ends with a digest under the installation's secret. It is written with
small letters and digits, as some mail servers change others.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from tenants.mail.incoming.set_up import LONGEST_TOKEN, address_with

# In bytes: a forged one is found with a chance of 1 in 2**96.
_DIGEST: Final = 12


def signed_address(content: bytes, *, salt: str) -> str:
    """The address with this content; empty where it is too long for what may stand before an @."""
    token = _written(content + _digest(content, salt, settings.SECRET_KEY))
    return address_with(token) if len(token) <= LONGEST_TOKEN else ""


def content_of_token(token: str, *, salt: str) -> bytes | None:
    """What a token says; None: it was not made by us with this salt."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    content, digest = raw[:-_DIGEST], raw[-_DIGEST:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # Each is compared, in a time that says nothing of where they differ.
    if any([hmac.compare_digest(_digest(content, salt, key), digest) for key in keys]):  # noqa: C419
        return content
    return None


def _digest(content: bytes, salt: str, key: str | bytes) -> bytes:
    return salted_hmac(salt, content, secret=key, algorithm=sha256().name).digest()[:_DIGEST]


def _written(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
