"""What an identity provider says of a person: the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tenants.errors import IdentityProviderError
from tenants.names import plain_email

# Signatures by a key of the provider's alone: never one that both know, and never none.
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
_KINDS: Final = ("RSA", "EC")
MOST_KEYS: Final = 30
LONGEST_TOKEN: Final = 16_000
LONGEST_SUBJECT: Final = 255
# In base64url: a key of 8,192 bits, and an exponent of 32.
_LONGEST_MODULUS: Final = 1_366
_LONGEST_EXPONENT: Final = 6
# In seconds: how wrong clocks may go, and how old a token may be.
_LEEWAY: Final = 60
_OLDEST: Final = 600
_LATEST: Final = 1e11


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider has seen. The address is empty where the provider has not verified it."""

    issuer: str
    subject: str
    email: str


def read_id_token(
    token: object, *, keys: object, issuer: str, client_id: str, nonce: str, now: float
) -> Identity:
    """Raises:
    IdentityProviderError: it is not for us, not for this log-in, too old, or not signed by it.
    """
    if not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
        raise IdentityProviderError
    try:
        claims = jwt.decode(token, _usable(keys), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise IdentityProviderError from error
    _check(claims, issuer=issuer, client_id=client_id, nonce=nonce, now=now)
    subject = claims["sub"]
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True and isinstance(email, str)
    return Identity(issuer, subject, plain_email(str(email)) if is_verified else "")


def _check(
    claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: float
) -> None:
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    subject = claims.get("sub")
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    party = claims.get("azp")
    is_right = (
        claims.get("iss") == issuer
        and isinstance(audiences, list)
        and client_id in audiences
        and (party == client_id or (party is None and len(audiences) == 1))
        and claims.get("nonce") == nonce
        and expires > now - _LEEWAY
        and now - _OLDEST < issued < now + _LEEWAY
        and isinstance(subject, str)
        and 0 < len(subject) <= LONGEST_SUBJECT
        and "\0" not in subject
    )
    if not is_right:
        raise IdentityProviderError


def _number(value: object) -> float:
    """A time of a claim; long ago where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if abs(value) < _LATEST else 0.0


def _usable(keys: object) -> KeySet:
    """The public keys for signatures: what is no such key is as if it were not there."""
    found = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(found, list) or len(found) > MOST_KEYS:
        raise IdentityProviderError
    usable = [each for each in found if isinstance(each, dict) and _is_usable(each)]
    return KeySet.import_key_set({"keys": usable})


def _is_usable(key: Mapping[str, Any]) -> bool:
    return (
        key.get("kty") in _KINDS
        and key.get("use", "sig") == "sig"
        and len(str(key.get("n", ""))) <= _LONGEST_MODULUS
        and len(str(key.get("e", ""))) <= _LONGEST_EXPONENT
    )
