"""Companies that are to be deleted: nobody works in them, and their jobs wait.

Which those are is asked for every few seconds in a process, not for every job.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import connection

from tenants.connection import PUBLIC, company_of
from tenants.errors import CompanyToBeDeletedError

# How old what a process knows may be, in seconds.
KNOWN_SECONDS: Final = 5.0
# A job waits until so long after the company is gone: then nobody asks for it any more.
AFTER: Final = timedelta(days=1)


class _Known:
    schemas: ClassVar[Mapping[str, datetime]] = {}
    asked_at: ClassVar[float | None] = None


def waits_until(due_at: datetime) -> datetime:
    """When the job of a company that is to be deleted comes again; the same for all of them."""
    return due_at + AFTER


def ensure_schema_stays(schema: str) -> None:
    """Refuse to run a job of a company that is to be deleted.

    Raises:
        CompanyToBeDeletedError
    """
    now = time.monotonic()
    if _Known.asked_at is None or now - _Known.asked_at > KNOWN_SECONDS:
        with company_of(PUBLIC), connection.cursor() as cursor:
            cursor.execute(
                "SELECT schema_name, deletion_due_at FROM public.tenants_company"
                " WHERE deletion_due_at IS NOT NULL"
            )
            _Known.schemas, _Known.asked_at = dict(cursor.fetchall()), now
    if schema in _Known.schemas:
        raise CompanyToBeDeletedError(waits_until(_Known.schemas[schema]))


def forget_what_is_known() -> None:
    """Ask anew at the next job."""
    _Known.asked_at = None
