"""The tools of tickets, tasks and errors."""

from __future__ import annotations

from typing import Final

from tickets.mcp import following, repairing, sending_files, submitting, working

TOOLS: Final = (
    *submitting.TOOLS,
    *sending_files.TOOLS,
    *following.TOOLS,
    *working.TOOLS,
    *repairing.TOOLS,
)
