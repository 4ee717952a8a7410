"""Numbers in the spelling of the page's language, which is read back as the same number."""

from __future__ import annotations

from django.utils.formats import get_format

from workflows.engine.values.number_text import write_number


def shown_number(value: int | float, *, grouped: bool = False) -> str:
    """`grouped` for texts; inputs take a number without blanks in it."""
    sign = get_format("DECIMAL_SEPARATOR")
    return write_number(value, decimal_sign="," if sign == "," else ".", grouped=grouped)
