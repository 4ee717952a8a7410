"""The doors at which tokens let in. One that a person made by hand counts at each of them."""

from __future__ import annotations

from enum import StrEnum


class Door(StrEnum):
    """The values stand in the database: they never change."""

    MCP = "mcp"
    API = "api"
