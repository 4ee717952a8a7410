from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tenants.connection import current_schema

# How many rows are read at a time: a large company is never in memory as a whole.
AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be, and what to do about it.

    `schema` is the company's (empty: none that exists), `ticket_id` the ticket's number.
    `mend` puts it right, where that can be done without a person and is safe to do beside
    everybody's work: it looks again under the locks, and returns a sentence that says what
    it did, or an empty text where it could not. Call it in the company's schema.
    """

    schema: str
    ticket_id: int | None
    message: str
    mend: Callable[[], str] | None = field(default=None, compare=False)


def finding(ticket_id: int | None, message: str, mend: Callable[[], str] | None = None) -> Finding:
    """One about the active company."""
    return Finding(schema=current_schema(), ticket_id=ticket_id, message=message, mend=mend)
