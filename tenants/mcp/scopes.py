"""What a token may allow: each tool needs one of these."""

from __future__ import annotations

from typing import Final

READ_TICKETS: Final = "tickets:read"
WRITE_TICKETS: Final = "tickets:write"
READ_TASKS: Final = "tasks:read"
WRITE_TASKS: Final = "tasks:write"
READ_DEFINITIONS: Final = "definitions:read"
WRITE_DEFINITIONS: Final = "definitions:draft"
READ_ERRORS: Final = "errors:read"
WRITE_ERRORS: Final = "errors:repair"
ALL_SCOPES: Final = (
    *(READ_TICKETS, WRITE_TICKETS, READ_TASKS, WRITE_TASKS),
    *(READ_DEFINITIONS, WRITE_DEFINITIONS, READ_ERRORS, WRITE_ERRORS),
)
