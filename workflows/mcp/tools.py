"""The tools of definitions."""

from __future__ import annotations

from typing import Final

from workflows.mcp import checking, definitions

TOOLS: Final = (*definitions.TOOLS, *checking.TOOLS)
