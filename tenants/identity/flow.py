"""The way of a browser to the identity provider and back: authorization code with PKCE (RFC 7636).

State, nonce and verifier stand in the session of the browser that began, and count once.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from tenants.errors import IdentityProviderError, TicketFlowerError
from tenants.identity.outgoing import Fetch, fetch_json
from tenants.identity.providers import secret_of
from tenants.identity.tokens import Identity, read_id_token
from tenants.limits.sender import sender_of
from tenants.limits.table import IDENTITY_PROVIDER
from tenants.logging_in.failed_log_ins import record_refused_by_provider
from tenants.models import IdentityProvider

_BEGUN: Final = "company_log_in"
LONGEST_WAIT: Final = 600  # seconds
# How long what the provider says of itself is kept, in seconds: its addresses and its keys.
_KEPT: Final = 300


class Purpose(StrEnum):
    """What the browser is led to the provider for."""

    LOG_IN = "log_in"
    TEST = "test"  # by an admin, before it is switched on
    LINK = "link"  # by a person who is logged in


@dataclass(frozen=True, slots=True)
class Finished:
    provider: IdentityProvider
    purpose: Purpose
    identity: Identity
    wanted: str


def begin(
    *, request: HttpRequest, provider: IdentityProvider, purpose: Purpose, wanted: str = ""
) -> str:
    """The address to lead the browser to.

    Raises:
        RateLimitedError: many people of this company log in at this moment.
        TicketFlowerError: the provider does not answer, or says nothing sensible.
    """
    IDENTITY_PROVIDER.count(str(provider.company_id))
    begun = {
        "provider": provider.pk,
        "purpose": purpose.value,
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "verifier": secrets.token_urlsafe(48),
        "wanted": wanted,
        "at": int(timezone.now().timestamp()),
    }
    address = _addresses(provider)["authorization_endpoint"]
    request.session[_BEGUN] = begun
    challenge = base64.urlsafe_b64encode(sha256(str(begun["verifier"]).encode()).digest())
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back_to(request),
        "scope": "openid email",
        "state": begun["state"],
        "nonce": begun["nonce"],
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def finish(*, request: HttpRequest) -> Finished:
    """Whom the provider has seen, when the browser comes back.

    Raises:
        IdentityProviderError: this browser did not begin, or the provider says nothing that counts.
        TicketFlowerError: it does not answer.
    """
    begun, sent = request.session.pop(_BEGUN, None), request.GET
    if (
        not isinstance(begun, dict)
        or timezone.now().timestamp() - begun["at"] > LONGEST_WAIT
        or not constant_time_compare(sent.get("state", ""), begun["state"])
    ):
        raise IdentityProviderError(
            _("That took too long, or was begun in another browser. Begin anew.")
        )
    provider = (
        IdentityProvider.objects.select_related("company").filter(pk=begun["provider"]).first()
    )
    if provider is None:
        raise IdentityProviderError
    purpose = Purpose(begun["purpose"])
    try:
        identity = _seen_by(provider, purpose, request, begun)
    except TicketFlowerError:
        if purpose is Purpose.LOG_IN:
            record_refused_by_provider(provider, sender=sender_of(request))
        raise
    return Finished(provider, purpose, identity, begun["wanted"])


def back_to(request: HttpRequest) -> str:
    """The address that the provider must know, and leads people back to."""
    return request.build_absolute_uri(reverse("admin:company_log_in_back"))


def _seen_by(
    provider: IdentityProvider, purpose: Purpose, request: HttpRequest, begun: Mapping[str, Any]
) -> Identity:
    """Raises what `finish` does."""
    sent = request.GET
    if purpose is Purpose.LOG_IN and not provider.is_on:
        raise IdentityProviderError
    # RFC 9207: another provider's answer is none of this one.
    if sent.get("iss", provider.issuer) != provider.issuer:
        raise IdentityProviderError
    if "code" not in sent:
        raise IdentityProviderError(
            _("The identity provider has not let you in. Ask an admin of your company.")
        )
    IDENTITY_PROVIDER.count(str(provider.company_id))
    token = _token(request, provider, begun["verifier"])
    return _identity(provider, token, begun["nonce"])


def _token(request: HttpRequest, provider: IdentityProvider, verifier: str) -> object:
    """The ID token, for the code (RFC 6749, 4.1.3). The secret goes as 2.3.1 says."""
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret_of(provider))}"
    content = {
        "grant_type": "authorization_code",
        "code": request.GET["code"][:4000],
        "redirect_uri": back_to(request),
        "code_verifier": verifier,
    }
    answer = fetch_json(
        Fetch(
            _addresses(provider)["token_endpoint"],
            urlencode(content).encode(),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            },
        )
    )
    return answer.get("id_token")


def _identity(provider: IdentityProvider, token: object, nonce: str) -> Identity:
    def read(keys: object) -> Identity:
        return read_id_token(
            token,
            keys=keys,
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=nonce,
            now=timezone.now().timestamp(),
        )

    address = _addresses(provider)["jwks_uri"]
    kept = cache.get(_cache_key(provider, "keys"))
    if kept is not None:
        try:
            return read(kept)
        except IdentityProviderError:  # it may have new keys
            pass
    keys = fetch_json(Fetch(address))
    identity = read(keys)
    cache.set(_cache_key(provider, "keys"), keys, _KEPT)
    return identity


def _addresses(provider: IdentityProvider) -> dict[str, Any]:
    """What the provider says of itself (OpenID Connect Discovery 1.0, 4.2), of the same issuer."""
    kept: dict[str, Any] | None = cache.get(_cache_key(provider, "addresses"))
    if kept is not None:
        return kept
    found = fetch_json(Fetch(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
    if found.get("issuer") != provider.issuer:
        raise IdentityProviderError(
            _("The issuer is not written as the provider writes it: %(issuer).200s.")
            % {"issuer": found.get("issuer")}
        )
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    addresses = {name: found.get(name) for name in names}
    for each in addresses.values():
        if not isinstance(each, str) or urlsplit(each).scheme not in ("https", "http"):
            raise IdentityProviderError
    cache.set(_cache_key(provider, "addresses"), addresses, _KEPT)
    return addresses


def _cache_key(provider: IdentityProvider, what: str) -> str:
    digest = sha256(f"{provider.issuer}\n{provider.client_id}".encode()).hexdigest()
    return f"identity:{provider.pk}:{digest}:{what}"
