"""What costs the server much: checking, trying, testing, replaying and comparing workflows, and
looking up programs.

Each takes up to seconds, in which its process does nothing else. So they have limits of their own,
of a person and of a company, which count what comes by every door: pages, API and assistants. And
they wait for each other: see DEAR in project/serving/turns.py.
"""

from __future__ import annotations

from enum import Enum

from tenants.errors import RateLimitedError, TooDearError
from tenants.limits.table import (
    CHECKS_WHILE_TYPING,
    CHECKS_WHILE_TYPING_OF_COMPANY,
    CONNECT_PAGES,
    CONNECT_PAGES_OF_COMPANY,
    DEAR_REQUESTS,
    DEAR_REQUESTS_OF_COMPANY,
)


class Dear(Enum):
    """Of which kind something is: limits of a person, and of a company."""

    ASKED = (DEAR_REQUESTS, DEAR_REQUESTS_OF_COMPANY)
    WHILE_TYPING = (CHECKS_WHILE_TYPING, CHECKS_WHILE_TYPING_OF_COMPANY)
    # A program is looked up at an address that a stranger wrote, which may not answer for seconds.
    CONNECTING = (CONNECT_PAGES, CONNECT_PAGES_OF_COMPANY)


def count_dear(kind: Dear, *, person_id: int, schema: str) -> None:
    """Count something dear before it is begun. Two statements; none while it is too often.

    Raises:
        TooDearError
    """
    of_person, of_company = kind.value
    try:
        of_person.count(str(person_id))
        of_company.count(schema)
    except RateLimitedError as error:
        raise TooDearError(error.seconds) from error
