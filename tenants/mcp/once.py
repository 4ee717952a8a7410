"""A call that is sent twice acts once: by the key that comes with it."""

from __future__ import annotations

from collections.abc import Callable

from tenants.mcp.tool import Call, JsonObject


def run_once(call: Call, act: Callable[[], JsonObject]) -> JsonObject:
    """Act, unless this token has sent this key before; then return what came of it."""
    return act()
