"""Repairs by programs: refused where people have changed the ticket since it was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest

from tenants.api.versions import ChangedMeanwhileError as NotAsSeenError
from tenants.api.versions import version_named
from tenants.refusals import refusals
from tickets.models import Ticket
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.errors import ChangedMeanwhileError


def etag_of_ticket(ticket: Ticket) -> str:
    """What a repair sends back as If-Match."""
    return f'"{marker_of(ticket)}"'


@contextmanager
def as_read(request: HttpRequest) -> Iterator[str | None]:
    """Gives what the ticket was like when it was read, as If-Match says it; None: it says nothing.

    Raises:
        tenants.api.versions.ChangedMeanwhileError: in the place of that of repairs.
        VersionFormError: it is longer than any ETag of ours.
    """
    asked = version_named(request)
    with refusals(ChangedMeanwhileError) as changed:
        yield None if asked is None else asked.strip('"')
    if changed.error is not None:
        raise NotAsSeenError
