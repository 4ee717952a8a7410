"""Numbers as people calculate with them.

Whole numbers are int, all others Decimal. A float comes from JSON, where somebody wrote decimal
digits: it counts as the shortest digits that it is written with, so that 0.1 is one tenth.

Sums, differences, products and quotients have 34 significant digits, as in IEEE 754's decimal128
and in DMN's FEEL; with fewer digits they are exact. What has more is rounded half to even.
Comparing, and rounding up and down, looks at 28 of them: 1 / 3 * 3 equals 1. The digits bound the
work, too: no number grows beyond them, and one beyond 10 ** 6144 is refused.
"""

from __future__ import annotations

import re
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any, Final

from .failures import Reason, Unfit

type Number = int | Decimal

DIGITS: Final = 34
COMPARED_DIGITS: Final = 28
MOST_ROUNDED_DIGITS: Final = 20
_LARGEST_EXPONENT: Final = 6144
_MOST_WHOLE: Final = 10**DIGITS
_MOST_COMPARED_WHOLE: Final = 10**COMPARED_DIGITS
_EXACT_IN_A_FLOAT: Final = 2**53
_MOST_KEPT_WHOLE: Final = 2**63 - 1
_LONGEST: Final = 400  # characters of a text that counts as a number
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,9})?"  # no digit is tried twice
)


def _context(digits: int, largest_exponent: int = _LARGEST_EXPONENT) -> Context:
    return Context(
        prec=digits,
        rounding=ROUND_HALF_EVEN,
        Emin=1 - _LARGEST_EXPONENT,
        Emax=largest_exponent,
        traps=[InvalidOperation, DivisionByZero, Overflow],
    )


_EXACT: Final = _context(DIGITS)
# Rounding to fewer digits may make the largest numbers larger.
_COMPARED: Final = _context(COMPARED_DIGITS, _LARGEST_EXPONENT + 1)
_ROUNDED: Final = _context(_LARGEST_EXPONENT + DIGITS)


def number_of(value: Any) -> Number | None:
    """The number that a value counts as; None where it is none.

    An empty text and null count as 0, yes and no as 1 and 0.
    """
    kind = type(value)
    if kind is int or kind is Decimal:
        number: Number = value
        return number
    if kind is float:
        return _of_float(value)
    if kind is str:
        return _of_text(value) if value else 0
    if kind is bool:
        return int(value)
    return 0 if value is None else None


def strict_number(value: Any) -> Number | None:
    """The same for numbers and texts only."""
    if value is None or value is True or value is False or value == "":
        return None
    return number_of(value)


def is_number(value: Any) -> bool:
    kind = type(value)
    return kind is int or kind is float or kind is Decimal


def whole_number(value: Any) -> int | None:
    """A number without a fraction as int; None for everything else."""
    if type(value) is int:
        return value
    number = number_of(value) if is_number(value) else None
    if isinstance(number, Decimal):
        return int(number) if _is_whole(number) and abs(number) <= _MOST_KEPT_WHOLE else None
    return number


def text_number(text: str) -> Number | None:
    """The number that a text is written as; None where it is none, or is empty."""
    return _of_text(text) if text else None


def added(one: Number, other: Number) -> Number:
    if type(one) is int and type(other) is int:
        return _bounded(one + other)
    return _calculated("add", one, other)


def subtracted(one: Number, other: Number) -> Number:
    if type(one) is int and type(other) is int:
        return _bounded(one - other)
    return _calculated("subtract", one, other)


def multiplied(one: Number, other: Number) -> Number:
    if type(one) is int and type(other) is int:
        return _bounded(one * other)
    return _calculated("multiply", one, other)


def divided(one: Number, other: Number) -> Number:
    if not other:
        raise Unfit(Reason.DIVISION_BY_ZERO)
    if type(one) is int and type(other) is int and one % other == 0:
        return one // other
    return _calculated("divide", one, other)


def remainder(one: Number, other: Number) -> Number:
    """What is left of a division, with the sign of the first number."""
    if not other:
        raise Unfit(Reason.DIVISION_BY_ZERO)
    if type(one) is int and type(other) is int:
        left = abs(one) % abs(other)
        return left if one >= 0 else -left
    return _calculated("remainder", one, other)


def rounded_up(number: Number) -> Number:
    return _to_whole(number, ROUND_CEILING) if isinstance(number, Decimal) else number


def rounded_down(number: Number) -> Number:
    return _to_whole(number, ROUND_FLOOR) if isinstance(number, Decimal) else number


def rounded_to(number: Number, digits: int) -> Number:
    """To so many digits after the point, half away from zero."""
    if not isinstance(number, Decimal) or number.adjusted() > DIGITS:
        return number
    found = _COMPARED.plus(number).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ROUNDED)
    return _EXACT.plus(found)


def comparable(number: Number) -> Number:
    """The number as it is compared with others."""
    if isinstance(number, Decimal) or abs(number) >= _MOST_COMPARED_WHOLE:
        return _COMPARED.plus(Decimal(number))
    return number


def same_number(one: Any, other: Any) -> bool:
    """Whether two values that are numbers are equal."""
    if type(one) is type(other) and type(one) is not Decimal:
        return bool(one == other)
    mine, theirs = number_of(one), number_of(other)
    return mine is not None and theirs is not None and comparable(mine) == comparable(theirs)


def kept(number: Number) -> int | float:
    """The number as JSON keeps it: whole ones as int, others written as short as a float is.

    Raises Unfit where none is so large.
    """
    compared = comparable(number)
    if _is_whole(compared) and -_MOST_KEPT_WHOLE <= compared <= _MOST_KEPT_WHOLE:
        return int(compared)
    found = _as_float(number)
    return found if found else 0


def number_text(value: int | float | Decimal) -> str:
    """A number inside a text: whole ones without a point, no exponent where it is small."""
    number = number_of(value)
    plain = kept(0 if number is None else number)
    if isinstance(plain, int):
        return str(plain)
    text = repr(plain)
    return f"{Decimal(text):f}" if "e-" in text else text.replace("e+", "e")


def _of_float(value: float) -> Number:
    if value.is_integer() and abs(value) <= _EXACT_IN_A_FLOAT:
        return int(value)
    return Decimal(repr(value))


def _of_text(text: str) -> Number | None:
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    try:
        return _EXACT.create_decimal(text) if len(text) > 15 or not _is_plain(text) else int(text)
    except DecimalException:
        return None


def _is_plain(text: str) -> bool:
    return "." not in text and "e" not in text and "E" not in text


def _bounded(number: int) -> Number:
    if -_MOST_WHOLE < number < _MOST_WHOLE:
        return number
    return _EXACT.create_decimal(number)


def _calculated(operation: str, one: Number, other: Number) -> Decimal:
    try:
        found: Decimal = getattr(_EXACT, operation)(one, other)
    except DecimalException as error:
        raise Unfit(Reason.TOO_LARGE) from error
    return found


def _to_whole(number: Decimal, rounding: str) -> Number:
    compared = _COMPARED.plus(number)
    if compared.adjusted() > DIGITS:
        return compared
    return _bounded(int(compared.to_integral_value(rounding, _ROUNDED)))


def _is_whole(number: Number) -> bool:
    if not isinstance(number, Decimal):
        return True
    return number.adjusted() <= DIGITS and bool(number == number.to_integral_value())


def _as_float(number: Number) -> float:
    try:
        found = float(number)
    except OverflowError as error:
        raise Unfit(Reason.TOO_LARGE) from error
    if found in (float("inf"), float("-inf")):
        raise Unfit(Reason.TOO_LARGE)
    return found
