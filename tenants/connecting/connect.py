"""A person allows a program to act for them: it gets a code, which it exchanges for a token."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.connecting.asking import Wanted
from tenants.connecting.errors import NoScopeError
from tenants.connection import PUBLIC, company_of
from tenants.errors import NoTokenForThemError, TokenLifetimeError
from tenants.limits.table import PROGRAMS_CONNECTED
from tenants.models import ConnectedProgram, User
from tenants.tokens.make_token import (
    LONGEST_LIFETIME,
    SECRET_BYTES,
    digest_of,
    ensure_room,
)

PROGRAM_CONNECTED = declare("account.program_connected", _("Connected a program"))

# A program exchanges it at once; in whoever else's hands it is worth nothing soon.
CODE_LASTS: Final = timedelta(minutes=1)
_FORGOTTEN_AFTER: Final = timedelta(days=1)


def connect(
    *, person: User, wanted: Wanted, scopes: Iterable[str], ends_at: datetime, now: datetime
) -> str:
    """Let the program act for this person; returns the code.

    `scopes` are those of the wanted ones that the person leaves it.

    Raises:
        NoScopeError: these are none, or others.
        TokenLifetimeError: it would end before now, or after LONGEST_LIFETIME.
        NoTokenForThemError: this person belongs to no company, or is a service account.
        TooManyTokensError: they have as many tokens as there may be.
        RateLimitedError: they have connected as many programs in a day as may be.
    """
    chosen = set(scopes)
    if not chosen or not chosen <= set(wanted.scopes):
        raise NoScopeError
    if not now < ends_at <= now + LONGEST_LIFETIME:
        raise TokenLifetimeError
    if person.company is None or person.is_superuser or person.is_account:
        raise NoTokenForThemError
    code = secrets.token_urlsafe(SECRET_BYTES)
    kept = [each.value for each in wanted.scopes if each in chosen]
    with transaction.atomic(), company_of(PUBLIC):
        ensure_room(person, now=now)
        PROGRAMS_CONNECTED.count(str(person.pk))
        ConnectedProgram.objects.create(
            owner=person,
            company=person.company,
            program=wanted.program.id,
            name=wanted.name,
            redirect_uri=wanted.redirect_uri,
            door=wanted.door,
            scopes=kept,
            ends_at=ends_at,
            challenge=wanted.challenge,
            code_digest=digest_of(code),
            code_ends_at=now + CODE_LASTS,
            created_at=now,
        )
        record_of_person(
            PROGRAM_CONNECTED,
            about=person,
            program=wanted.name,
            answers_go_to=wanted.redirect_uri,
            door=wanted.door.value,
            scopes=kept,
            expires_at=ends_at,
        )
    return code


def forget_codes(*, now: datetime) -> int:
    """Delete codes that nobody exchanged; returns how many. Call it in `public`."""
    old = ConnectedProgram.objects.filter(token=None, code_ends_at__lt=now - _FORGOTTEN_AFTER)
    return old.delete()[0]
