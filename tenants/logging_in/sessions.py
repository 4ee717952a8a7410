"""Django's sessions in the database, read by one prepared statement.

Every request begins with one, so that what Django spends on making the query counts.

A session ends when nobody has done anything in it for SESSION_IDLE_SECONDS, and in any case
SESSION_LONGEST_SECONDS after the log-in. When that will be stands in its row (`expire_date`), and
is moved on now and then by who does something: most requests write nothing.
"""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone
from django.utils.crypto import get_random_string

from tenants.fast.prepared import send

_READ = """
SELECT session_data, expire_date FROM public.django_session
 WHERE session_key = %s::varchar AND expire_date > %s::timestamptz
"""
_CREATE = """
INSERT INTO public.django_session (session_key, session_data, expire_date)
VALUES (%s::varchar, %s::text, %s::timestamptz)
"""
_WRITE = """
UPDATE public.django_session SET session_data = %s::text, expire_date = %s::timestamptz
 WHERE session_key = %s::varchar RETURNING session_key
"""
_TOUCH = """
UPDATE public.django_session SET expire_date = %s::timestamptz WHERE session_key = %s::varchar
"""
_FOLLOW = """
UPDATE public.tenants_loginsession SET session_key = %s::varchar WHERE session_key = %s::varchar
"""
_BELONGS: Final = """
INSERT INTO public.tenants_loginsession (session_key, user_id, began_at, sender, browser)
VALUES (%s::varchar, %s::bigint, %s::timestamptz, '', '') ON CONFLICT DO NOTHING
"""
# What is kept in a session, in seconds since 1970: when the person logged in, and when they last
# proved who they are.
BEGAN_AT: Final = "began_at"
CONFIRMED_AT: Final = "confirmed_at"
_KEY_LENGTH: Final = 32
_KEY_CHARACTERS: Final = string.ascii_lowercase + string.digits
# How far the end may lag behind what somebody does, as a part of SESSION_IDLE_SECONDS.
_LAG: Final = 0.05


class SessionStore(DatabaseSessionStore):
    """The same table and the same contents as Django's own."""

    # When it ends by what was read of it; None: it is new.
    _ends_at: datetime | None = None

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """When it ends if nobody does anything from now on."""
        ends_at = timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
        began_at = self.get(BEGAN_AT)
        if isinstance(began_at, int):
            began = datetime.fromtimestamp(began_at, UTC)
            ends_at = min(ends_at, began + timedelta(seconds=settings.SESSION_LONGEST_SECONDS))
        return ends_at

    def touch(self) -> None:
        """Somebody does something in it: it ends later. Most times that is not worth writing."""
        if BEGAN_AT not in self:  # one from before there was an end
            self[BEGAN_AT] = int(timezone.now().timestamp())
            # Nor was it noted whose it is, without which nothing in a company can write it.
            send(_BELONGS, (self.session_key, int(self[USER_KEY]), timezone.now()))
            return
        ends_at = self.get_expiry_date()
        lag = timedelta(seconds=settings.SESSION_IDLE_SECONDS * _LAG)
        if self._ends_at is not None and abs(ends_at - self._ends_at) > lag:
            send(_TOUCH, (ends_at, self.session_key))
            self._ends_at = ends_at

    def create(self) -> None:
        """Begin it, by one statement: Django looks first whether the key, of 165 random bits, is
        in use, and opens a transaction."""
        self._session_key = get_random_string(_KEY_LENGTH, _KEY_CHARACTERS)
        data = self._get_session(no_load=True)  # type: ignore[attr-defined]
        send(_CREATE, (self._session_key, self.encode(data), self.get_expiry_date()))
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """As Django's, by one statement.

        Raises:
            UpdateError: the session has ended meanwhile.
        """
        if self.session_key is None or must_create:
            self.create()
        else:
            self.write()

    def cycle_key(self) -> None:
        """Give it another key; what is known of the log-in goes with it."""
        before = self.session_key
        super().cycle_key()
        if before and self.session_key and BEGAN_AT in self:
            send(_FOLLOW, (self.session_key, before))

    def load(self) -> dict[str, Any]:
        found = self._read(_READ)
        if found is None:
            self._session_key = None
        return found or {}

    def lock(self) -> dict[str, Any]:
        """What the session holds now; whoever else locks it waits for this transaction.

        Raises:
            UpdateError: the session has ended.
        """
        found = self._read(f"{_READ} FOR UPDATE")
        if found is None:
            raise UpdateError
        return found

    def write(self) -> None:
        """Save it as part of this transaction, instead of at the end of the request.

        Raises:
            UpdateError: the session has ended.
        """
        values = (self.encode(dict(self.items())), self.get_expiry_date(), self.session_key)
        if not send(_WRITE, values):
            raise UpdateError
        self.modified = False

    def _read(self, statement: str) -> dict[str, Any] | None:
        # A cookie can hold it; the database can neither hold nor be asked for it.
        if "\0" in (self.session_key or ""):
            return None
        rows = send(statement, (self.session_key, timezone.now()))
        if not rows:
            return None
        self._ends_at = rows[0][1]
        return self.decode(rows[0][0])
