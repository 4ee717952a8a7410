"""What a cell is taken as: what a person sees in it, or else a sentence that says why not.

Programs make something else of what people type: 1-2 becomes a date, 00123 becomes 123. And a
format shows something else than the cell holds: 2.5 as 3, 0.5 as 50%. What is shown is read;
where what is shown cannot be what the column asks for, or is not known, that is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.problems import short
from workflows.engine.values.number_text import possible_numbers
from workflows.workbooks.formats.grid import Cell, CellValue, cleaned, moment, text_of
from workflows.workbooks.formats.number_format import general

# Spreadsheets keep so many digits of a number.
_DIGITS: Final = 15
_NUMBER_IN: Final = re.compile(
    r"(?:[0-9]|[.,](?=[0-9]))[0-9.,'\u2019 \u00a0\u202f\u2009]*(?:[eE][+-]?[0-9]{1,4})?"
)
_MINUS: Final = re.compile(r"[-\u2010-\u2013\u2212(]")
# Of what a column that is too narrow for a fraction leaves out.
_CLOSE: Final = 1e-9


class Want(StrEnum):
    """What a column asks for."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"  # a date, a time or both
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Seen:
    """The value of a cell as it is read; `error` says why it is not, `note` what was made of it."""

    value: CellValue
    error: str = ""
    note: str = ""


def as_seen(cell: Cell, want: Want, day_zero: datetime) -> Seen:
    """A cell under a column; `day_zero` is the day from which its program counts."""
    if cell.error:
        return Seen(cell.value, cell.error)
    if cell.shown is not None and not cleaned(cell.shown):
        message = _("The cell looks empty, but it holds %(held)s. Show it, or empty the cell.")
        return Seen(cell.value, message % {"held": text_of(cell.value)})
    if isinstance(cell.value, str):
        return Seen(cell.text)
    if isinstance(cell.value, bool):
        return _truth(cell, want)
    if isinstance(cell.value, int | float):
        return _number(cell, cell.value, want, day_zero)
    return _moment(cell, want)


def struck_out(cell: Cell) -> str:
    """What to do about a cell of which something is struck out; empty for others."""
    if not cell.struck:
        return ""
    message = _("“%(text)s” is struck out here. Delete it, or take away the line through it.")
    return message % {"text": short(cleaned(cell.struck))}


def _truth(cell: Cell, want: Want) -> Seen:
    if want is not Want.TEXT:
        return Seen(cell.value)
    return Seen(cell.text, note=_made_of(cell.text))


def _made_of(text: str) -> str:
    message = _(
        "Your program made a value of its own of this cell. It is read as the text “%(text)s”; if "
        "another one is meant, format the cell as text and type it again."
    )
    return message % {"text": text}


def _number(cell: Cell, number: int | float, want: Want, day_zero: datetime) -> Seen:
    if want is Want.MOMENT:
        return _serial(cell, number, day_zero)
    if want is Want.NUMBER:
        return _checked_number(cell, number)
    text = general(number) if cell.shown is None else cell.text
    if cell.is_unclear or "," in text:
        return Seen(number, _unclear(number))
    if cell.shown is None and isinstance(number, int) and len(str(abs(number))) > _DIGITS:
        message = _(
            "Spreadsheets keep 15 digits of a number, and put zeros in the place of further ones. "
            "Format the cell as text and type it again."
        )
        return Seen(number, message)
    if want is Want.TEXT and "." in text:
        return Seen(text, note=_made_of(text))
    return Seen(text)


def _unclear(number: int | float) -> str:
    message = _(
        "The cell holds the number %(held)s, and shows it in a format of its own. Format the cell "
        "as text, and type what is meant."
    )
    return message % {"held": general(number)}


def _checked_number(cell: Cell, number: int | float) -> Seen:
    """A number, where what is shown says the same."""
    if cell.is_unclear:
        message = _("The cell has a number format that is not known here. It is read as %(held)s.")
        return Seen(number, note=message % {"held": general(number)})
    if cell.shown is None or _says(cell.shown, number):
        return Seen(number)
    message = _(
        "The cell shows “%(shown)s”, but it holds %(held)s. Type the number that is meant, without "
        "a percent sign or rounding."
    )
    return Seen(number, message % {"shown": cell.text, "held": general(number)})


def _says(shown: str, number: int | float) -> bool:
    """Whether a text shows this number, perhaps with a unit around it."""
    found = list(_NUMBER_IN.finditer(shown))
    if len(found) != 1 or any(sign in shown for sign in "%\u2030\u066a"):
        return False
    digits = found[0].group().strip()
    has_minus = bool(_MINUS.search(shown, 0, found[0].start()))
    near = abs(number) * _CLOSE
    fits = any(abs(each - abs(number)) <= near for each in possible_numbers(digits))
    return fits and (has_minus == (number < 0) or number == 0)


def _serial(cell: Cell, number: int | float, day_zero: datetime) -> Seen:
    found = moment(number, day_zero)
    if found is None:
        return Seen(cell.text)
    message = _(
        "The cell shows the number %(shown)s. It is read as %(read)s; if something else is meant, "
        "format the cell as a date or a time."
    )
    return Seen(found, note=message % {"shown": cell.text, "read": text_of(found)})


def _moment(cell: Cell, want: Want) -> Seen:
    if want is not Want.MOMENT:
        message = _(
            "Your program made a date or a time of this cell: %(held)s. Format the cell as text, "
            "and type again what is meant."
        )
        if want is Want.NUMBER:
            message = _(
                "Your program made a date or a time of this cell: %(held)s. Format the cell as a "
                "number, and type again what is meant."
            )
        return Seen(cell.value, message % {"held": text_of(cell.value)})
    if not cell.is_partial:
        return Seen(cell.value)
    message = _("The cell shows only a part of what it holds. It is read as %(read)s.")
    return Seen(cell.value, note=message % {"read": text_of(cell.value)})


def shown_part(
    value: date | datetime | time, *, day: bool, clock: bool, seconds: bool
) -> date | datetime | time:
    """What a format shows of a moment: its day, its time, or both."""
    if isinstance(value, datetime):
        if not clock:
            return value.date()
        whole = value if seconds else value.replace(second=0)
        return whole if day else whole.time()
    if isinstance(value, date) and clock and not day:
        return time()
    if isinstance(value, time) and clock and not seconds:
        return value.replace(second=0)
    return value
