"""A form that is sent twice, by a double click or the back button, acts once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest

from tenants.logging_in.sessions import SessionStore

# The name in the address, and what stands there.
PARAMETER = "form"
TOKEN = re.compile("[0-9a-f]{32}")
SESSION_KEY = "sent_forms"
REMEMBERED = 20


def new_token() -> str:
    return uuid.uuid4().hex


def token_of(request: HttpRequest) -> str:
    """Which sending of a form its page is for: as the address names it, else a new one.

    The browser's back button asks for the page anew, and puts back what was typed. With the token
    in the address it is then known that this was sent; once.js writes it there.
    """
    named = request.GET.get(PARAMETER, "")
    return named if TOKEN.fullmatch(named) else new_token()


def sent_token(request: HttpRequest) -> str:
    """The token that a form was sent with; a new one where it is none of ours."""
    sent = request.POST.get("token", "")
    return sent if TOKEN.fullmatch(sent) else new_token()


def run_once(request: HttpRequest, *, token: str, act: Callable[[], int]) -> tuple[int, bool]:
    """Act, unless this session has sent this token before; then return what came of it.

    Returns the result (an id) and whether it is new. Two requests at the same moment wait
    for each other, and what was done and the note of it are committed together.

    Raises:
        SessionInterrupted: the session ended meanwhile; nothing was done.
    """
    session = _session(request)
    try:
        with transaction.atomic():
            # As it is now: the request read its session before it had the lock.
            done = _results_by_token(session.lock())
            if token in done:
                return done[token], False
            result = act()
            latest = list({**done, token: result}.items())[-REMEMBERED:]
            session[SESSION_KEY] = dict(latest)
            session.write()
    except UpdateError as error:
        raise SessionInterrupted("The session ended before the form was sent.") from error
    return result, True


def stored_result(request: HttpRequest, *, token: str) -> int | None:
    """What came of the form with this token, if this session has sent it before."""
    return _results_by_token(SessionStore(request.session.session_key).load()).get(token)


def _session(request: HttpRequest) -> SessionStore:
    session = request.session
    if not isinstance(session, SessionStore):
        raise ImproperlyConfigured("SESSION_ENGINE must be tenants.logging_in.sessions.")
    return session


def _results_by_token(session: Mapping[str, Any]) -> dict[str, int]:
    done = session.get(SESSION_KEY)
    return done if isinstance(done, dict) else {}
