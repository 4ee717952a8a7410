"""The cells of a decision table, as people write them: ``> 5``, ``5..10``, ``"a", "b"``, ``not x``.

An empty cell, or ``-``, is for any value. Several values are separated by commas or semicolons; in
numbers a comma stands before a fraction, so that a blank follows the one that separates. ``not``
turns all of a cell around, and ``empty`` is where there is no value. ``5..10`` has both ends,
``(5..10]`` is without 5. Texts need quotation marks only where they would be read as something
else. ``write_cell`` gives the one spelling that ``read_cell`` reads as the same cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from workflows.engine.errors import EngineError
from workflows.engine.evaluating.numbers import is_number, number_of, strict_number
from workflows.engine.problems import did_you_mean, nearest, quoted, short
from workflows.engine.process import Json
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop
from workflows.engine.values.composed import composed_text
from workflows.engine.values.number_text import NumberTextError, parse_number, write_number

MAX_CHARACTERS: Final = 2_000
MAX_ITEMS: Final = 200

# A value of a cell's type: its order is that of the values.
type Value = str | bool | Decimal | date


class CellType(StrEnum):
    """What the values of a column are. Documents name it so."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "boolean"
    DATE = "date"

    @classmethod
    def named(cls, name: object) -> CellType:
        """The type of this name; text where there is none."""
        return cls(str(name)) if name in cls.__members__.values() else cls.TEXT

    @property
    def is_ordered(self) -> bool:
        """Whether its values can be compared by < and >."""
        return self in (CellType.NUMBER, CellType.DATE)


# Types of questions whose answers are values of a type here.
CELL_TYPES: Final[Mapping[str, CellType]] = {
    **dict.fromkeys(("choice", "long_text", "email", "phone", "url"), CellType.TEXT),
    "integer": CellType.NUMBER,
    **{each.value: each for each in CellType},
}


class CellError(EngineError, ValueError):
    """What stands in a cell cannot be read."""

    message = gettext_noop("This cell of the decision table cannot be read.")


class UnfitValueError(EngineError, ValueError):
    """A value is not of the type of its column."""

    message = gettext_noop("A value is not of the type of its column.")


@dataclass(frozen=True, slots=True)
class Span:
    """Values from `low` to `high`; None: without a bound. One value has itself at both ends."""

    low: Value | None = None
    high: Value | None = None
    has_low: bool = True
    has_high: bool = True

    @classmethod
    def only(cls, value: Value) -> Span:
        return cls(value, value)

    @property
    def is_one(self) -> bool:
        return self.low is not None and self.low == self.high

    def holds(self, value: Any) -> bool:
        if self.is_one:
            return bool(value == self.low)
        if self.low is not None and (value < self.low or (value == self.low and not self.has_low)):
            return False
        return self.high is None or not (
            value > self.high or (value == self.high and not self.has_high)
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell lets through: values in one of the spans, or (`is_not`) in none of them.

    `has_empty`: no value, too. Nothing at all: any value, and none.
    """

    spans: tuple[Span, ...] = ()
    has_empty: bool = False
    is_not: bool = False

    @property
    def is_any(self) -> bool:
        return not self.spans and not self.has_empty

    def matches(self, value: Value | None) -> bool:
        if self.is_any:
            return True
        if value is None:
            return self.has_empty is not self.is_not
        return any(span.holds(value) for span in self.spans) is not self.is_not


ANY: Final = Cell()


# Values


def value_of(value: Json, of: CellType) -> Value | None:
    """A value of the data as one of this type; None where it is empty.

    Raises:
        UnfitValueError: it is of another type.
    """
    if value is None or value == "":
        return None
    found: Value | None = None
    match of:
        case CellType.TEXT:
            found = composed_text(value) if isinstance(value, str) else None
        case CellType.YES_NO:
            found = value if isinstance(value, bool) else None
        case CellType.NUMBER:
            number = None if isinstance(value, bool | list | dict) else strict_number(value)
            found = None if number is None else Decimal(number)
        case CellType.DATE:
            found = _date(value) if isinstance(value, str) else None
    if found is None:
        message = _("%(value)s is not %(type)s.")
        words = {"value": short(_shown(value)), "type": _(_NAMES[of])}
        raise UnfitValueError(message % words)
    return found


_NAMES: Final = {
    CellType.TEXT: gettext_noop("a text"),
    CellType.NUMBER: gettext_noop("a number"),
    CellType.YES_NO: gettext_noop("yes or no"),
    CellType.DATE: gettext_noop("a date such as 2026-01-31"),
}


def _shown(value: Json) -> str:
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def json_of(value: Value | None) -> Json:
    """A value as the data of a ticket hold it."""
    if isinstance(value, Decimal):
        whole = int(value)
        return whole if whole == value else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def read_value(given: Json, of: CellType) -> Json:
    """What stands in a column of results, as the data of a ticket hold it; None for a blank.

    Raises:
        CellError: it is not of this type.
    """
    if isinstance(given, str):
        text = given.strip()
        if not text:
            return None
        if of is CellType.TEXT:
            return composed_text(_unquoted(text))
        return json_of(_value(text, of))
    try:
        return json_of(value_of(given, of))
    except UnfitValueError as error:
        raise CellError(str(error)) from error


# Reading

_ANYTHING: Final = frozenset({"", "-", "–", "—", "*", "any"})  # noqa: RUF001
_NOT: Final = re.compile(r"(?:not\b|!=|<>|≠)\s*", re.IGNORECASE)
_EMPTY: Final = "empty"
_COMPARED: Final = re.compile(r"(<=|>=|≤|≥|<|>|==|=)\s*(.+)", re.DOTALL)
_RANGE: Final = re.compile(
    r"([\[(\]]?)\s*([^\[\]()]+?)\s*(?:\.{2,3}|…)\s*([^\[\]()]+?)\s*([\])\[]?)", re.DOTALL
)
_QUOTES: Final = {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "'": "'"}
_YES: Final = frozenset({"yes", "true", "y"})
_NO: Final = frozenset({"no", "false", "n"})
_PLAIN: Final = re.compile(r"[^\W_](?:[\w .:/+&()%-]*[\w.)%])?")
_DECODER: Final = json.JSONDecoder()


def read_cell(given: Json, of: CellType) -> Cell:
    """What stands in a column of conditions.

    Raises:
        CellError: it cannot be read, or is not of this type; it says what could stand there.
    """
    if given is None:
        return ANY
    if isinstance(given, bool) or is_number(given):
        return Cell((Span.only(_fitting(given, of)),))
    if not isinstance(given, str):
        raise CellError(_("Write a text, a number, or yes or no."))
    text = given.strip()
    if len(text) > MAX_CHARACTERS:
        raise CellError(_("This is longer than %(most)d characters.") % {"most": MAX_CHARACTERS})
    if text.lower() in _ANYTHING:
        return ANY
    is_not = False
    if (found := _NOT.match(text)) is not None:
        is_not, text = True, text[found.end() :]
        if not text:
            raise CellError(_("Say what it is not: write a value after it."))
    spans: list[Span] = []
    has_empty = False
    for item in _items(text, of):
        if item.lower() == _EMPTY:
            has_empty = True
        else:
            spans.append(_span(item, of))
    if len(spans) > MAX_ITEMS:
        raise CellError(_("This has more than %(most)d values.") % {"most": MAX_ITEMS})
    return Cell(tuple(spans), has_empty, is_not)


def _fitting(given: Json, of: CellType) -> Value:
    if of is CellType.TEXT and is_number(given):
        return write_number(given)  # type: ignore[arg-type]
    try:
        found = value_of(given, of)
    except UnfitValueError as error:
        raise CellError(str(error)) from error
    return found if found is not None else ""


def _items(text: str, of: CellType) -> Iterator[str]:
    """What separators part, which count outside of quotation marks."""
    start = position = 0
    while position < len(text):
        character = text[position]
        if character in _QUOTES and not text[start:position].strip(" <>=≤≥"):
            position = _end_of_quotes(text, position)
            continue
        # 1,5 is one number and a half.
        following = text[position + 1 : position + 2]
        is_comma = character == "," and (of is not CellType.NUMBER or not following.isdigit())
        if character in ";\n" or is_comma:
            yield _item(text[start:position])
            start = position + 1
        position += 1
    yield _item(text[start:])


def _item(text: str) -> str:
    item = text.strip()
    if not item:
        raise CellError(_("A value is missing beside a comma. Write it, or remove the comma."))
    return item


def _end_of_quotes(text: str, start: int) -> int:
    opening = text[start]
    if opening == '"':
        try:
            _value_in_quotes, end = _DECODER.raw_decode(text, start)
        except ValueError:
            pass
        else:
            return end
    position = start + 1
    while position < len(text) and text[position] not in _QUOTES[opening]:
        position += 1
    if position >= len(text):
        raise CellError(_("A text has no closing quotation mark."))
    return position + 1


def _unquoted(text: str) -> str:
    if text[:1] not in _QUOTES or len(text) < 2:
        return text
    if text[0] == '"':
        try:
            value, end = _DECODER.raw_decode(text)
        except ValueError:
            pass
        else:
            return value if end == len(text) and isinstance(value, str) else text
    return text[1:-1] if text[-1] in _QUOTES[text[0]] else text


def _span(item: str, of: CellType) -> Span:
    if (compared := _COMPARED.fullmatch(item)) is not None:
        sign, text = compared.groups()
        value = _value(text, of)
        if sign in {"=", "=="}:
            return Span.only(value)
        if not of.is_ordered:
            message = _("Only numbers and dates are compared by %(sign)s. Write the values.")
            raise CellError(message % {"sign": sign})
        has_it = sign in {"<=", ">=", "≤", "≥"}
        if sign[0] in "<≤":
            return Span(high=value, has_high=has_it)
        return Span(low=value, has_low=has_it)
    if of.is_ordered and (ends := _RANGE.fullmatch(item)) is not None:
        opening, low_text, high_text, closing = ends.groups()
        low, high = _value(low_text, of), _value(high_text, of)
        has_low, has_high = opening in {"", "["}, closing in {"", "]"}
        if low > high or (low == high and not (has_low and has_high)):  # type: ignore[operator]
            message = _("No value lies in “%(range)s”. Write the smaller one first.")
            raise CellError(message % {"range": short(item)})
        return Span(low, high, has_low, has_high)
    return Span.only(_value(item, of))


def _value(text: str, of: CellType) -> Value:
    text = text.strip()
    if of is CellType.TEXT:
        return composed_text(_unquoted(text))
    plain = _unquoted(text)
    match of:
        case CellType.NUMBER:
            try:
                number = number_of(parse_number(plain))
            except NumberTextError as error:
                raise CellError(f"{quoted(short(plain))}: {error}") from error
            return Decimal(number or 0)
        case CellType.DATE:
            found = _date(plain)
            if found is None:
                message = _("“%(value)s” is no date. Write it like 2026-01-31.")
                raise CellError(message % {"value": short(plain)})
            return found
    if plain.lower() in _YES:
        return True
    if plain.lower() in _NO:
        return False
    meant = did_you_mean(nearest(plain.lower(), ("yes", "no")))
    message = _("“%(value)s” is neither yes nor no.") % {"value": short(plain)}
    raise CellError(message + meant)


# Writing


def write_cell(cell: Cell, of: CellType) -> str:
    """The cell in its one spelling; empty for any value."""
    if cell.is_any:
        return ""
    parts = [_written_span(span, of) for span in cell.spans]
    if cell.has_empty:
        parts.append(_EMPTY)
    return f"{'not ' if cell.is_not else ''}{', '.join(parts)}"


def _written_span(span: Span, of: CellType) -> str:
    if span.is_one or span.high is None or span.low is None:
        if span.is_one:
            return write_value(span.low, of)
        if span.high is None:
            return f"{'>=' if span.has_low else '>'} {write_value(span.low, of)}"
        return f"{'<=' if span.has_high else '<'} {write_value(span.high, of)}"
    text = f"{write_value(span.low, of)}..{write_value(span.high, of)}"
    if span.has_low and span.has_high:
        return text
    return f"{'[' if span.has_low else '('}{text}{']' if span.has_high else ')'}"


def write_value(value: Value | None, of: CellType) -> str:
    """A value as a cell has it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            number = json_of(value)
            return write_number(number) if is_number(number) else ""  # type: ignore[arg-type]
        case date():
            return value.isoformat()
    if of is CellType.TEXT and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether a text is read as itself without quotation marks."""
    lowered = text.lower()
    return (
        _PLAIN.fullmatch(text) is not None
        and lowered not in {*_ANYTHING, _EMPTY}
        and not re.match(r"not\b", lowered)
        and "  " not in text
    )


def canonical_cell(given: Json, of: CellType) -> Json:
    """What stands in a column of conditions in its one spelling; what cannot be read stays."""
    try:
        return write_cell(read_cell(given, of), of)
    except CellError:
        return given.strip() if isinstance(given, str) else given


def canonical_value(given: Json, of: CellType) -> Json:
    """The same of a column of results."""
    try:
        return read_value(given, of)
    except CellError:
        return given
