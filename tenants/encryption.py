"""Secrets as they stand in the database: encrypted, so that a copy of it gives none away.

The keys are FIELD_ENCRYPTION_KEYS. The first one encrypts, each of them decrypts: a new key is
put in front, `manage.py encrypt_again` is run, and then the old one can be left out.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tenants.errors import EncryptionKeyMissingError, UndecryptableError

SHORTEST_KEY = 32
# Names what the key is for: the same text in another setting gives another key.
PURPOSE = b"ticketflower.fields.v1"


def encrypt(text: str) -> str:
    """What to store. The same text looks different each time.

    Raises:
        EncryptionKeyMissingError: FIELD_ENCRYPTION_KEYS is empty.
    """
    return _fernet().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """The text that was encrypted.

    Raises:
        EncryptionKeyMissingError: FIELD_ENCRYPTION_KEYS is empty.
        UndecryptableError: none of the keys opens it, or it was changed.
    """
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UndecryptableError from error


def encrypt_again(stored: str) -> str:
    """The same, encrypted with the first of the keys. Raises as `decrypt` does."""
    try:
        return _fernet().rotate(stored.encode()).decode()
    except InvalidToken as error:
        raise UndecryptableError from error


def check_keys(keys: Sequence[str]) -> None:
    """Raises ValueError, whose message says what is wrong, naming no key."""
    if not keys:
        raise ValueError("it is not set.")
    for number, key in enumerate(keys, start=1):
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"key {number} has fewer than {SHORTEST_KEY} characters.")
    if len(set(keys)) < len(keys):
        raise ValueError("it names the same key twice.")


def _fernet() -> MultiFernet:
    keys = tuple(settings.FIELD_ENCRYPTION_KEYS)
    if not keys:
        raise EncryptionKeyMissingError
    return _made_of(keys)


@lru_cache(maxsize=8)
def _made_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """The 32 bytes that Fernet wants, of a random text of any length (RFC 5869)."""
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derive.derive(key.encode()))
