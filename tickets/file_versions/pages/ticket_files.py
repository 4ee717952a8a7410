"""The files on the pages of a ticket."""

from __future__ import annotations

from typing import Any, Final

from tenants.models import User
from tickets.files.access import files_of
from tickets.models import Ticket
from tickets.taking_part.access import Access

# What came before stands where it was sent, at messages and answers.
MOST_SHOWN: Final = 50


def shown_files(ticket: Ticket, person: User, access: Access) -> dict[str, Any]:
    """What `file_versions/_files.html` shows, and beside which answers a newer version is named.

    One statement, and for who is no ticket admin up to two more where there are files.
    """
    rows = files_of(ticket, person, access=access)
    newer = [
        (str(each.uuid), str(row.newest.uuid), row.newest.version)
        for row in rows
        for each in row.earlier
    ]
    is_cut = len(rows) > MOST_SHOWN
    return {
        "ticket_files": rows[-MOST_SHOWN:],
        "most_files": MOST_SHOWN if is_cut else None,
        "newer_files": newer,
    }
