"""What a program asks for, as it stands in the address to which it sends a person.

Whatever is wrong is said to the person, on our page. The answer is never sent to the program by
itself: an address here that leads a browser anywhere, at once, would be what phishers look for
(RFC 9700, 4.11.2). A person goes there, by a click, or with the code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from tenants.connecting.addresses import door_called, issuer_of
from tenants.connecting.errors import NoScopeError, WrongRedirectError, WrongRequestError
from tenants.connecting.programs import Program, find_program
from tenants.connecting.redirects import is_among
from tenants.models import User
from tenants.sent_json import is_storable
from tenants.tokens.doors import Door
from tenants.tokens.scopes import Scope
from tenants.tokens.uses import scopes_at

_ONCE: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "scope",
    "state",
)
_LONGEST: Final = 2_000
# SHA-256, as S256 writes it.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that can be allowed. `issuer` is what we are called in the answer."""

    program: Program
    redirect_uri: str
    state: str
    challenge: str
    door: Door
    scopes: tuple[Scope, ...]
    issuer: str

    @property
    def name(self) -> str:
        return self.program.name_for(self.redirect_uri)

    def answer(self, **said: str) -> str:
        """The address at which the program gets the answer."""
        state = {"state": self.state} if self.state else {}
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode({**said, **state, 'iss': self.issuer})}"

    @property
    def refusal(self) -> str:
        """The address at which it hears that the person does not want it."""
        return self.answer(error="access_denied")


def read_request(request: HttpRequest, *, person: User) -> Wanted:
    """What is asked for. Who the program is, and where answers go, is looked at first.

    Raises:
        ProgramRefusedError: it cannot be allowed.
        RateLimitedError: this person has asked for too many programs.
    """
    sent = _sent(request.GET)
    program = find_program(sent["client_id"], asked_by=person)
    if not is_among(sent["redirect_uri"], program.redirects):
        raise WrongRedirectError
    if sent["response_type"] != "code" or sent["response_mode"] not in ("", "query"):
        raise WrongRequestError("response_type")
    if sent["code_challenge_method"] != "S256" or not _CHALLENGE.fullmatch(sent["code_challenge"]):
        raise WrongRequestError("code_challenge")
    door = door_called(request, sent["resource"])
    return Wanted(
        program=program,
        redirect_uri=sent["redirect_uri"],
        state=sent["state"],
        challenge=sent["code_challenge"],
        door=door,
        scopes=scopes_asked_for(sent["scope"], door=door),
        issuer=issuer_of(request),
    )


def scopes_asked_for(text: str, *, door: Door) -> tuple[Scope, ...]:
    """Of what is asked for, what an assistant can use at this door; all of it, if nothing is.

    Raises:
        NoScopeError: none is left.
    """
    named = set(text.split())
    found = tuple(each for each in scopes_at(door) if not named or each in named)
    if not found:
        raise NoScopeError
    return found


def _sent(query: QueryDict) -> Mapping[str, str]:
    """Each once, or empty: of two, one part of a program might read the first, another the last."""
    found = {}
    for name in _ONCE:
        values = query.getlist(name)
        text = values[0] if values else ""
        if len(values) > 1 or len(text) > _LONGEST or not is_storable(text):
            raise WrongRequestError(name)
        found[name] = text
    return found
