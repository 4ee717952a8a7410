"""What a program gets for the code that a person gave it, and how it renews that.

A code counts once, for a minute, and only with the secret of which it had shown the digest. Whoever
shows a used one has found it somewhere: then nothing counts any more that came of it, whoever has
that. The same holds for what renews a token, of which only the newest counts (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import acting_as, actor_of, current_actor
from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.backends import EmailBackend
from tenants.connecting.asking import scopes_asked_for
from tenants.connecting.errors import NoScopeError, WrongGrantError
from tenants.connection import PUBLIC, company_of
from tenants.errors import TokenError
from tenants.models import AccessToken, ConnectedProgram, User
from tenants.refusals import refusals
from tenants.tokens.doors import Door
from tenants.tokens.make_token import (
    SECRET_BYTES,
    digest_of,
    make_token,
    renew_token,
    revoke_token,
)

SHOWN_AGAIN = declare(
    "account.program_shown_again", _("Revoked a program that showed what was used up")
)

LASTS: Final = timedelta(hours=1)
RENEWS: Final = "tfr_"
# As RFC 7636, 4.1, has it.
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Given:
    """`access` lets in for so many seconds, `renews` gets the next one."""

    access: str
    renews: str
    scopes: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a program says of itself, beside the code: the same as when it was connected.

    `door` is None where it does not say again at which one it wants to be let in.
    """

    program: str
    redirect_uri: str
    verifier: str
    door: Door | None = None


def redeem_code(*, code: str, shown: Shown, now: datetime) -> Given:
    """A first token for a code.

    Raises:
        WrongGrantError: it does not count. Which of the reasons it was is nobody's business.
    """
    return _given_to("code_digest", code, lambda row: _redeemed(row, shown, now))


def renew(*, renews: str, program: str, scope: str, door: Door | None, now: datetime) -> Given:
    """The next token, and what renews that; the ones before do not count any more.

    `scope` may leave some away of those that the person allowed; empty: all of them.

    Raises:
        WrongGrantError: it does not count.
        NoScopeError: more was asked for than the person allowed.
    """

    def renewed(row: ConnectedProgram) -> Given | None:
        if not compare_digest(bytes(row.refresh_digest or b""), digest_of(renews)):
            _end(row, now)
            return None
        token = row.token
        is_theirs = program == row.program and door in (None, row.door)
        if token is None or token.ends_before(now) or not is_theirs or _owner(row) is None:
            return None
        until = min(now + LASTS, token.expires_at)
        access = renew_token(token=token, fresh_until=until, scopes=_narrowed(row, scope))
        return _given(row, token, access, family=_family(renews), seconds=_seconds(until, now))

    return _given_to("family_digest", _family(renews), renewed)


def give_back(*, raw: str, program: str, now: datetime) -> None:
    """A program says that it does not need its token any more: shown is that, or what renews it.

    Nothing is said of whether there was such a one (RFC 7009, 2.2).
    """
    kind, secret = "token__digest", raw
    if raw.startswith(RENEWS):
        kind, secret = "family_digest", _family(raw)
    with company_of(PUBLIC), transaction.atomic():
        row = _found(kind, secret)
        if row is not None and row.token is not None and row.program == program:
            with _acting_for(row.owner):
                revoke_token(token=row.token, now=now)


def _given_to(kind: str, secret: str, act: Callable[[ConnectedProgram], Given | None]) -> Given:
    """What is given for a secret. It is refused when what was revoked stands in the database."""
    with company_of(PUBLIC), transaction.atomic():
        row = _found(kind, secret)
        given = None if row is None else act(row)
    if given is None:
        raise WrongGrantError
    return given


def _found(kind: str, secret: str) -> ConnectedProgram | None:
    """The program with this secret, locked: of two that show the same at once, the second waits.

    Nothing is joined to it: Postgres would look at the row anew after the wait, and not at what it
    points to by then, so that the second would find no token that it could end.
    """
    if not secret or len(secret) > _LONGEST:
        return None
    locked = ConnectedProgram.objects.select_for_update(of=("self",), no_key=True)
    return locked.filter(**{kind: digest_of(secret)}).first()


def _redeemed(row: ConnectedProgram, shown: Shown, now: datetime) -> Given | None:
    if row.token_id is not None:
        _end(row, now)
        return None
    if row.code_ends_at <= now:
        return None
    person = _owner(row) if _fits(row, shown) else None
    if person is None:  # who has the code and not the rest has one attempt
        row.code_ends_at = now
        row.save(update_fields=["code_ends_at"])
        return None
    until = min(now + LASTS, row.ends_at)
    with refusals(TokenError), _acting_for(person):  # they have too many by now
        made = make_token(
            owner=person,
            name=row.name,
            scopes=row.scopes,
            expires_at=row.ends_at,
            by=person,
            now=now,
            assistant=row.name,
            door=row.door,
            fresh_until=until,
        )
        row.token = made.token
        return _given(row, made.token, made.raw, family=_new_family(), seconds=_seconds(until, now))
    return None


def _fits(row: ConnectedProgram, shown: Shown) -> bool:
    """Whether it is the program that was connected."""
    if (shown.program, shown.redirect_uri) != (row.program, row.redirect_uri):
        return False
    if shown.door not in (None, row.door) or not _VERIFIER.fullmatch(shown.verifier):
        return False
    digest = base64.urlsafe_b64encode(sha256(shown.verifier.encode()).digest())
    return compare_digest(digest.rstrip(b"="), row.challenge.encode())


def _owner(row: ConnectedProgram) -> User | None:
    """The person, where they may act here at all (as `holder_of` looks at it)."""
    person = EmailBackend().person_of_token(row.owner_id)
    if person is None or person.is_superuser or person.company_id != row.company_id:
        return None
    return person


def _given(
    row: ConnectedProgram, token: AccessToken, access: str, *, family: str, seconds: int
) -> Given:
    """Keep what renews it next, and nothing of what did before."""
    renews = f"{family}.{secrets.token_urlsafe(SECRET_BYTES)}"
    row.family_digest, row.refresh_digest = digest_of(family), digest_of(renews)
    row.save(update_fields=["token", "family_digest", "refresh_digest"])
    return Given(access, renews, tuple(token.scopes), seconds)


def _end(row: ConnectedProgram, now: datetime) -> None:
    """Somebody showed what was used up, and may have found it: nothing counts any more."""
    if row.token is None or not revoke_token(token=row.token, now=now):
        return
    record_of_person(SHOWN_AGAIN, about=row.owner, token=row.name, number=row.token.pk)


def _narrowed(row: ConnectedProgram, scope: str) -> list[str]:
    """Raises NoScopeError."""
    if not scope:
        return list(row.scopes)
    asked = scopes_asked_for(scope, door=Door(row.door))
    if not set(asked) <= set(row.scopes):
        raise NoScopeError
    return [each.value for each in asked]


def _acting_for(person: User) -> AbstractContextManager[None]:
    """What is recorded is the person's doing, from where the program is."""
    return acting_as(actor_of(person, sender=current_actor().sender))


def _new_family() -> str:
    return RENEWS + secrets.token_urlsafe(SECRET_BYTES)


def _family(renews: str) -> str:
    family, dot, _rest = renews.partition(".")
    return family if dot and family.startswith(RENEWS) else ""


def _seconds(until: datetime, now: datetime) -> int:
    return int((until - now).total_seconds())
