"""Numbers as people write them, and as pages show them.

`parse_number` reads what somebody typed: with a decimal comma or a decimal point, with blanks,
apostrophes, points or commas between the thousands, with a real minus sign, in the digits of
any script. It never guesses. One sign with one to three digits before it that do not begin with
0, and exactly three after it, may separate thousands or a fraction: “1.000” is refused, with both
ways to write it. A whole number never gets a fraction, and no digit is lost without a word.

`write_number` writes a number so that `parse_number` reads the same number, whatever sign its
page uses for fractions. Everything that reads a number which a person typed, and everything that
shows one which a person may type again, uses these two.
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Final

from workflows.engine.errors import EngineError
from workflows.engine.texts import gettext, gettext_noop

LONGEST: Final = 100  # characters; nobody types a longer number
# Whole numbers beyond this are kept as doubles, whose digits end earlier: 64 bits hold no more.
_MOST_WHOLE: Final = 2**63 - 1
_NARROW_BLANK: Final = "\u202f"  # between thousands: a hard blank, which no decimal sign looks like
_GROUPED_FROM: Final = 10_000
_MOST_ZEROS: Final = 12  # of a fraction that is written out; a smaller one has an exponent

# Other spellings of the same sign. An en dash is what word processors make of a minus.
_SIGNS: Final = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\ufe62\uff0b", "+"),
    "\uff0e": ".",
    "\uff0c": ",",
    **dict.fromkeys("\u2019\u02bc\uff07\u066c", "'"),
}
_ARABIC_POINT: Final = "\u066b"  # stands before a fraction and nowhere else
_EITHER: Final = ".,"  # signs that one language puts before fractions and another between thousands
_POINTS: Final = f"{_EITHER}{_ARABIC_POINT}"
# What copying from pages and calculators brings along: it has no width and turns nothing around.
_INVISIBLE: Final = "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d\u2060\u2066\u2069\ufeff"

_NUMBER: Final = re.compile(
    r"(?P<sign>[+-]?) ?(?P<digits>[0-9][0-9 .,'\u066b]*|[.,\u066b][0-9]+)"
    r"(?P<power>[eE][+-]?[0-9]{1,4})?"
)
_GROUPS: Final = re.compile(r"[1-9][0-9]{0,2}(?:([ .,'])[0-9]{3})(?:\1[0-9]{3})*")


class NumberTextError(EngineError, ValueError):
    """What was typed is no number that can be taken.

    Whoever raises it says why: a sentence whose placeholders the values fill.
    """

    message = gettext_noop("This is no number that can be taken.")

    def __init__(self, template: str, **values: str) -> None:
        super().__init__(template)
        self.values = values

    def __str__(self) -> str:
        return gettext(self.said) % self.values


class AmbiguousNumberError(NumberTextError):
    """It can be read as two numbers."""

    message = gettext_noop("This could mean two numbers.")


def parse_number(text: str, *, whole: bool = False) -> int | float:
    """The number that somebody typed; `whole` where the question is for a whole number.

    Whole numbers come as int, however they were written (“2.0” is 2); all others as float.

    Raises:
        AmbiguousNumberError: it can be read as two numbers.
        NumberTextError: it is no number, has a fraction where none may be, or more digits than
            are kept.
    """
    shown = _without_edges(text)
    match = _NUMBER.fullmatch(_plain(shown)) if len(shown) <= LONGEST else None
    if match is None:
        raise NumberTextError(_NO_NUMBER[whole])
    readings = _readings(match["digits"], has_power=bool(match["power"]))
    if not readings:
        raise NumberTextError(_MISPLACED, text=shown)
    if len(readings) > 1:
        raise _ambiguous(shown, readings, _sign_in(shown), whole=whole)
    return _kept(f"{match['sign']}{readings[0]}{match['power'] or ''}", whole=whole)


def number_problem(text: str, *, whole: bool = False) -> str:
    """What to do about a text that is no number; empty where it is one."""
    try:
        parse_number(text, whole=whole)
    except NumberTextError as error:
        return str(error)
    return ""


def possible_numbers(text: str) -> list[float]:
    """Every number that a text may be meant as; none where it is no number."""
    shown = _without_edges(text)
    match = _NUMBER.fullmatch(_plain(shown)) if len(shown) <= LONGEST else None
    if match is None:
        return []
    readings = _readings(match["digits"], has_power=bool(match["power"]))
    return [float(f"{match['sign']}{each}{match['power'] or ''}") for each in readings]


def write_number(value: int | float, *, decimal_sign: str = ".", grouped: bool = False) -> str:
    """A number so that `parse_number` gives it back exactly; `decimal_sign` is “.” or “,”.

    `grouped` puts narrow blanks between the thousands of long ones, for pages.
    """
    if not math.isfinite(value):
        return str(value)
    text = _written_out(value)
    if "e" in text:
        return text.replace(".", decimal_sign)
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    before, point, after = text.partition(".")
    if _may_be_thousands(before, after):
        after += "0"  # 1.1250 is nothing but one and an eighth
    if grouped and abs(value) >= _GROUPED_FROM:
        before = f"{int(before):,}".replace(",", _NARROW_BLANK)
    return f"{sign}{before}{decimal_sign if point else ''}{after}"


_NO_NUMBER: Final = {
    False: gettext_noop("Enter a number."),
    True: gettext_noop("Enter a whole number."),
}
_MISPLACED: Final = gettext_noop(
    "“%(text)s” is not written as a number. Write it without separators between the thousands, "
    "and with one sign before a fraction, such as 1234.5."
)
_TWO_WAYS: Final = gettext_noop(
    "“%(text)s” could mean two numbers. Write %(thousands)s or %(fraction)s."
)
_NO_FRACTION: Final = gettext_noop(
    "“%(text)s” could be a number with a fraction, and a whole number is asked for. "
    "Write %(thousands)s if that is meant."
)
_TOO_EXACT: Final = gettext_noop(
    "“%(text)s” has more digits than can be kept: it would become %(kept)s. Write fewer digits."
)
_TOO_LARGE: Final = gettext_noop("This number is too large.")


def _without_edges(text: str) -> str:
    return "".join(each for each in text if each not in _INVISIBLE).strip()


def _plain(text: str) -> str:
    """The same with the signs of a keyboard, and plain digits.

    Digits of two scripts beside each other stay as they are, and are then no number.
    """
    found: list[str] = []
    zeros: set[int] = set()
    for character in text:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            zeros.add(ord(character) - digit)
            found.append(str(digit))
        elif unicodedata.category(character) == "Zs" or character == "\t":
            found.append(" ")
        else:
            found.append(_SIGNS.get(character, character))
    return "".join(found) if len(zeros) < 2 else text


def _readings(digits: str, *, has_power: bool) -> list[str]:
    """The digits with a point before the fraction: one or two ways to read them, or none."""
    signs = [each for each in digits if not each.isdigit()]
    if not signs:
        return [digits]
    last = signs[-1]
    whole, _sign, fraction = digits.rpartition(last)
    if len(signs) == 1 and last in _POINTS:
        decimal = f"{whole or '0'}.{fraction or '0'}"
        if last in _EITHER and not has_power and _may_be_thousands(whole, fraction):
            return [whole + fraction, decimal]
        return [decimal]
    if has_power:
        return []
    if _GROUPS.fullmatch(digits):
        return [_only_digits(digits)]
    if last in _POINTS and last not in whole and _GROUPS.fullmatch(whole):
        return [f"{_only_digits(whole)}.{fraction or '0'}"]
    return []


def _may_be_thousands(before: str, after: str) -> bool:
    return 1 <= len(before) <= 3 and before[0] != "0" and len(after) == 3


def _only_digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _sign_in(text: str) -> str:
    return "," if "," in text or "\uff0c" in text else "."


def _ambiguous(
    text: str, readings: list[str], decimal_sign: str, *, whole: bool
) -> AmbiguousNumberError:
    """`readings`: the whole number first, then the one with a fraction."""
    minus = "-" if _plain(text).startswith("-") else ""
    thousands = minus + readings[0]
    fraction = float(readings[1])
    if not whole:
        shown = write_number(fraction, decimal_sign=decimal_sign)
        short = shown if decimal_sign in shown else f"{shown}{decimal_sign}0"
        return AmbiguousNumberError(
            _TWO_WAYS, text=text, thousands=thousands, fraction=minus + short
        )
    if fraction.is_integer():
        short = f"{minus}{int(fraction)}"
        return AmbiguousNumberError(_TWO_WAYS, text=text, thousands=thousands, fraction=short)
    return AmbiguousNumberError(_NO_FRACTION, text=text, thousands=thousands)


def _kept(text: str, *, whole: bool) -> int | float:
    """The number of a text that Python reads."""
    exact = Fraction(text)
    if exact.denominator == 1 and ("e" not in text.lower() or abs(exact) <= _MOST_WHOLE):
        return int(exact)
    if whole and exact.denominator != 1:
        raise NumberTextError(_NO_NUMBER[whole])
    kept = float(text)
    if whole or not math.isfinite(kept):
        raise NumberTextError(_TOO_LARGE)
    if exact.denominator != 1 and Fraction(repr(kept)) != exact:
        raise NumberTextError(_TOO_EXACT, text=text, kept=write_number(kept))
    return kept


def _written_out(value: int | float) -> str:
    """Without an exponent, where that is not too long."""
    if isinstance(value, int) or (value.is_integer() and abs(value) <= _MOST_WHOLE):
        return str(int(value))
    text = repr(value)
    is_small = "e-" in text and int(text.partition("e-")[2]) > _MOST_ZEROS
    return text if "e+" in text or is_small else f"{Decimal(text):f}"
