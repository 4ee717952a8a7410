"""Who it is that shows a token: the one way in for programs and assistants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from tenants.backends import EmailBackend
from tenants.connection import PUBLIC, company_of
from tenants.errors import TokenRefusedError
from tenants.fast.prepared import PreparedQuery, bytes_in
from tenants.models import AccessToken, Company, User
from tenants.tokens.doors import Door
from tenants.tokens.make_token import PREFIX, SECRET_BYTES, digest_of
from tenants.tokens.networks import is_in
from tenants.tokens.scopes import Scope, scopes_for

# How often its last use is written.
NOTED_EVERY: Final = timedelta(minutes=1)
# In characters: what is longer is none of ours, and is not hashed. Four characters are three bytes.
LONGEST_TOKEN: Final = len(PREFIX) + SECRET_BYTES * 4 // 3 + 1
_tokens = PreparedQuery(
    lambda digest: AccessToken.objects.select_related("company").filter(digest=bytes_in(digest))
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who acts, with which token. `user` has their company and permissions, as a request's has."""

    user: User
    token: AccessToken
    scopes: frozenset[Scope]

    @property
    def company(self) -> Company:
        return self.token.company

    @property
    def is_assistant(self) -> bool:
        return bool(self.token.assistant)

    def has(self, scope: Scope) -> bool:
        return scope in self.scopes


def holder_of(raw: str, *, now: datetime, address: str, door: Door | None = None) -> Holder:
    """Who shows this token from this network address, at this door.

    Its last use is noted, once a minute at most. Whatever the connection works in, it does so
    afterwards, too.

    Raises:
        TokenRefusedError: it is none, has ended, was revoked, is to be renewed, does not count
            from this address or at this door, or its owner or their company is switched off.
            Which of it is nobody's business.
    """
    if not raw.startswith(PREFIX) or len(raw) > LONGEST_TOKEN:
        raise TokenRefusedError
    with company_of(PUBLIC):
        token = _tokens.first(digest_of(raw))
        if token is None or token.ends_before(now) or token.is_stale_at(now):
            raise TokenRefusedError
        if token.door and token.door != door:
            raise TokenRefusedError
        if token.addresses and not is_in(address, token.addresses):
            raise TokenRefusedError
        user = EmailBackend().person_of_token(token.owner_id)
        if user is None or user.is_superuser or user.company_id != token.company_id:
            raise TokenRefusedError
        _note_use(token, now=now, address=address)
    return Holder(user, token, scopes_for(token.scopes, assistant=token.assistant))


def _note_use(token: AccessToken, *, now: datetime, address: str) -> None:
    """One statement a minute, which two at once do not both write."""
    if token.last_used_at is not None and token.last_used_at > now - NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    AccessToken.objects.filter(stale, pk=token.pk).update(
        last_used_at=now, last_used_from=address[:64].replace("\0", "")
    )
