"""A form that is sent twice, by a double click or the back button, acts once."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import connection, transaction
from django.http import HttpRequest

SESSION_KEY = "sent_forms"
REMEMBERED = 20


def new_token() -> str:
    return uuid.uuid4().hex


def do_once(request: HttpRequest, *, token: str, act: Callable[[], int]) -> tuple[int, bool]:
    """Act, unless this session has sent this token before; then return what came of it.

    Returns the result (an id) and whether it is new. Two requests at the same moment wait
    for each other, and what was done and the note of it are committed together.

    Raises:
        SessionInterrupted: the session ended meanwhile; nothing was done.
    """
    with transaction.atomic():
        _lock(f"{request.session.session_key}:{token}")
        done = _sent_before(request)
        if token in done:
            return done[token], False
        result = act()
        latest = list({**done, token: result}.items())[-REMEMBERED:]
        request.session[SESSION_KEY] = dict(latest)
        try:
            request.session.save()
        except UpdateError as error:
            raise SessionInterrupted("The session ended before the form was sent.") from error
    return result, True


def result_of(request: HttpRequest, *, token: str) -> int | None:
    """What came of the form with this token, if this session has sent it before."""
    return _sent_before(request).get(token)


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _sent_before(request: HttpRequest) -> dict[str, int]:
    """As the database has it now: the request read its session before it had the lock."""
    session = type(request.session)(request.session.session_key)
    done = session.get(SESSION_KEY)
    return done if isinstance(done, dict) else {}
