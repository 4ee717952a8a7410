"""What the addresses of the lists behind the numbers have in common."""

from __future__ import annotations

from tickets.reporting.figures import Figures


def of_type(figures: Figures, **filters: str) -> dict[str, str]:
    """Filters of a list, with that of the ticket type where the report is about one."""
    return {**filters, "type": figures.type_key} if figures.type_key else filters
