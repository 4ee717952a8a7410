"""The files on the pages of a ticket."""

from __future__ import annotations

from typing import Any

from tenants.models import User
from tickets.files.access import files_of
from tickets.models import Ticket
from tickets.taking_part.access import Access


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
    return {"ticket_files": rows, "newer_files": newer}
