"""Django's sessions in the database, read by one prepared statement.

Every request begins with one, so that what Django spends on making the query counts.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone

from tenants.fast.prepared import send

_READ = """
SELECT session_data FROM public.django_session
 WHERE session_key = %s::varchar AND expire_date > %s::timestamptz
"""
_WRITE = """
UPDATE public.django_session SET session_data = %s::text, expire_date = %s::timestamptz
 WHERE session_key = %s::varchar RETURNING session_key
"""


class SessionStore(DatabaseSessionStore):
    """The same table and the same contents as Django's own."""

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
        return self.decode(rows[0][0]) if rows else None
