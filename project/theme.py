"""How the admin looks: names, colours, and what stands in the sidebar."""

from __future__ import annotations

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "TicketFlower",
    "SITE_HEADER": "TicketFlower",
}
