from __future__ import annotations

from typing import Final

MOST_DIGITS: Final = 18


def number_in(text: str) -> int | None:
    """A row's number, as it was typed or sent in an address; None for what cannot be one."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None
