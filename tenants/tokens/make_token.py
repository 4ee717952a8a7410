"""Making a token, and taking it back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.connection import PUBLIC, company_of
from tenants.errors import (
    NotForAssistantsError,
    NoTokenForThemError,
    TokenLifetimeError,
    TokenNameError,
    TokenScopesError,
    TooManyTokensError,
)
from tenants.limits.table import TOKENS_MADE
from tenants.models import AccessToken, User
from tenants.names import LONGEST_NAME, plain_name
from tenants.tokens.networks import read_networks
from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope

TOKEN_MADE = declare("account.token_made", _("Made a token"))
TOKEN_REVOKED = declare("account.token_revoked", _("Revoked a token"))

# By which those who look for secrets in code know one of ours.
PREFIX: Final = "tf_"
SECRET_BYTES: Final = 32
LONGEST_LIFETIME: Final = timedelta(days=366)
# Of one owner, that have not ended.
MOST_TOKENS: Final = 50


@dataclass(frozen=True, slots=True)
class MadeToken:
    """`raw` is the token itself: it is shown once, and kept nowhere."""

    token: AccessToken
    raw: str


def digest_of(raw: str) -> bytes:
    """What is kept of a token."""
    return sha256(raw.encode("utf-8", "replace")).digest()


def make_token(
    *,
    owner: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    by: User,
    now: datetime,
    assistant: str = "",
    addresses: Iterable[str] = (),
    door: str = "",
    fresh_until: datetime | None = None,
) -> MadeToken:
    """Make a token for a person or a service account of a company.

    `by` is who makes it: the owner, or for a service account an admin. `assistant` is what the
    assistant is called that will use it; empty: a program will. `door` and `fresh_until` are for
    what a connected program gets: where alone it counts, and until when it must be renewed.

    Raises:
        NoTokenForThemError: the owner is a superuser, is switched off, or is somebody else.
        TokenNameError: it has no name, or one that is too long.
        TokenScopesError: no scope was chosen, or one that is not there.
        NotForAssistantsError: an assistant would get a scope that none ever has.
        TokenLifetimeError: it would end before now, or after LONGEST_LIFETIME.
        WrongNetworkError: an address is none.
        TooManyTokensError: the owner has MOST_TOKENS.
        RateLimitedError: as many were made in a day as may be, and revoked.
    """
    chosen = _scopes(scopes, assistant=(used_by := _name(assistant, empty=True)))
    if not now < expires_at <= now + LONGEST_LIFETIME:
        raise TokenLifetimeError
    raw = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic(), company_of(PUBLIC):
        # Locked, so that of two at once the second is counted.
        locked = User.objects.select_for_update(of=("self",), no_key=True)
        found = locked.select_related("company").filter(pk=owner.pk).first()
        if found is None or found.company is None or not found.is_active or found.is_superuser:
            raise NoTokenForThemError
        if by.pk != found.pk and not (found.is_account and by.company_id == found.company_id):
            raise NoTokenForThemError
        ensure_room(found, now=now)
        TOKENS_MADE.count(str(found.pk))
        token = AccessToken.objects.create(
            owner=found,
            company=found.company,
            name=_name(name, empty=False),
            digest=digest_of(raw),
            scopes=chosen,
            addresses=read_networks(addresses),
            assistant=used_by,
            door=door,
            fresh_until=fresh_until,
            created_at=now,
            created_by=by,
            expires_at=expires_at,
        )
        record_of_person(
            TOKEN_MADE,
            about=found,
            token=token.name,
            number=token.pk,
            assistant=token.assistant,
            scopes=chosen,
            addresses=token.addresses,
            expires_at=expires_at,
        )
    return MadeToken(token, raw)


def renew_token(*, token: AccessToken, fresh_until: datetime, scopes: Iterable[str]) -> str:
    """Put another secret in the place of the one before, which lets nobody in any more; returns it.

    Whoever calls has looked whether it still counts, and lets no second one in meanwhile.
    """
    raw = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token.digest, token.fresh_until, token.scopes = digest_of(raw), fresh_until, list(scopes)
    token.save(update_fields=["digest", "fresh_until", "scopes"])
    return raw


def ensure_room(owner: User, *, now: datetime) -> None:
    """Raises TooManyTokensError: the owner has MOST_TOKENS."""
    if AccessToken.objects.of_owner(owner).counting(now).count() >= MOST_TOKENS:
        raise TooManyTokensError


def revoke_token(*, token: AccessToken, now: datetime) -> bool:
    """Let a token count no more, from its next request on. Returns whether it did until now."""
    with transaction.atomic(), company_of(PUBLIC):
        counting = AccessToken.objects.select_related("owner__company").filter(pk=token.pk)
        found = counting.select_for_update(of=("self",), no_key=True).first()
        if found is None or found.revoked_at is not None:
            return False
        found.revoked_at = now
        found.save(update_fields=["revoked_at"])
        record_of_person(TOKEN_REVOKED, about=found.owner, token=found.name, number=found.pk)
    return True


def revoke_tokens_of(*, owner: User, now: datetime) -> int:
    """Revoke all that somebody has; returns how many there were."""
    with company_of(PUBLIC):
        tokens = list(AccessToken.objects.of_owner(owner).filter(revoked_at=None))
    return sum(revoke_token(token=each, now=now) for each in tokens)


def _scopes(names: Iterable[str], *, assistant: str) -> list[str]:
    chosen = set(names)
    if not chosen or not chosen <= set(Scope.values):
        raise TokenScopesError
    if assistant and chosen & NEVER_FOR_ASSISTANTS:
        raise NotForAssistantsError
    return [each for each in Scope.values if each in chosen]


def _name(text: str, *, empty: bool) -> str:
    name = plain_name(text)
    if len(name) > LONGEST_NAME or not (name or empty):
        raise TokenNameError
    return name
