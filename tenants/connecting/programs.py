"""Who a program is that somebody would connect.

It names itself by the address of a document that describes it (a Client ID Metadata Document): then
the host of that address stands for it. Or it has registered (RFC 7591), and what it is called is
its own word; what it registered stands in its name, signed by us, so that nothing is kept of it,
and nobody fills the database with programs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing

from tenants.connecting.describing import described, host_of
from tenants.connecting.errors import UnknownProgramError, WrongMetadataError
from tenants.connecting.redirects import is_on_own_machine, is_possible, place_of
from tenants.models import User
from tenants.names import plain_name
from tenants.tokens.holder import LONGEST_TOKEN

LONGEST_NAME: Final = 100
MOST_REDIRECTS: Final = 5
_REGISTERED: Final = "registered."
_SALT: Final = "tenants.connecting.registered"
# Five addresses of their longest, and a name, as they are written with a signature.
LONGEST_ID: Final = 2_000 - LONGEST_TOKEN


@dataclass(frozen=True, slots=True)
class Program:
    """`host` is where it describes itself; empty: it has registered, and nobody vouches for it."""

    id: str
    name: str
    host: str
    redirects: tuple[str, ...]

    def name_for(self, redirect_uri: str) -> str:
        """What it is called in lists and histories: with where it is at home, as anybody may take
        any name."""
        place = self.host or place_of(redirect_uri)
        # Of a host the end says whose it is.
        return (
            f"{self.name} ({place if len(place) <= LONGEST_NAME else f'…{place[-LONGEST_NAME:]}'})"
        )

    def is_only_here(self, redirect_uri: str) -> bool:
        """Whether any program on the person's machine could say that it is this one."""
        return is_on_own_machine(redirect_uri)


def find_program(program_id: str, *, asked_by: User) -> Program:
    """Who calls itself so. May ask the host that it names, for this person.

    Raises:
        UnknownProgramError: it is nobody that we could make out.
        RateLimitedError: this person has asked for too many.
    """
    if len(program_id) > LONGEST_ID:
        raise UnknownProgramError
    if program_id.startswith(_REGISTERED):
        return _registered(program_id)
    return _described(program_id, described(program_id, asked_by=asked_by))


def register_program(sent: Any) -> Program:
    """What a program says of itself, kept in the name that it gets.

    Raises:
        WrongMetadataError: it says something that no program is.
    """
    if not isinstance(sent, dict):
        raise WrongMetadataError
    name, redirects = _name(sent.get("client_name", "")), _redirects(sent.get("redirect_uris"))
    if not name or not redirects or len(redirects) > MOST_REDIRECTS:
        raise WrongMetadataError
    signed = signing.dumps([name, *redirects], salt=_SALT, compress=True)
    if len(made := _REGISTERED + signed) > LONGEST_ID:
        raise WrongMetadataError
    return Program(made, name, "", redirects)


def _registered(program_id: str) -> Program:
    try:
        name, *redirects = signing.loads(program_id.removeprefix(_REGISTERED), salt=_SALT)
    except signing.BadSignature as error:
        raise UnknownProgramError from error
    return Program(program_id, name, "", tuple(redirects))


def _described(program_id: str, document: dict[str, Any]) -> Program:
    """Raises UnknownProgramError: the document is of another program, or of none for us."""
    redirects = _redirects(document.get("redirect_uris"))
    # It says itself where it stands: else whoever can store a file at somebody's host is them.
    is_its_own = document.get("client_id") == program_id
    # A secret that is published is none; keys we do not take.
    has_no_secret = document.get("token_endpoint_auth_method", "none") == "none"
    grants = document.get("grant_types", ["authorization_code"])
    takes_codes = isinstance(grants, list) and "authorization_code" in grants
    if not (is_its_own and has_no_secret and takes_codes and redirects):
        raise UnknownProgramError
    host = host_of(program_id)
    return Program(program_id, _name(document.get("client_name", "")) or host, host, redirects)


def _name(given: Any) -> str:
    name = plain_name(given) if isinstance(given, str) else ""
    return name if len(name) <= LONGEST_NAME else ""


def _redirects(given: Any) -> tuple[str, ...]:
    """Those that an answer may be sent to: one that is not possible counts as not named."""
    if not isinstance(given, Iterable) or isinstance(given, str | dict):
        return ()
    return tuple(each for each in given if isinstance(each, str) and is_possible(each))
