"""What a spreadsheet shows for a value that has a number format.

The codes are those of ECMA-376, part 1, 18.8.31: up to four sections for what is above, below
and at zero, and for texts. What depends on the person's language or on the width of the column
is left out: the decimal sign is a point here, and “General” has 15 digits. What is not known
(conditions, fractions) gives None, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Final

GENERAL: Final = "General"
_LONGEST_CODE: Final = 255
_MOST_PLACES: Final = 30
# 18.8.30: the codes that files name by number only. Those of East Asia are dates; their
# spelling depends on the language.
BUILT_IN: Final = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "$#,##0_);($#,##0)",
    6: "$#,##0_);[Red]($#,##0)",
    7: "$#,##0.00_);($#,##0.00)",
    8: "$#,##0.00_);[Red]($#,##0.00)",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yyyy h:mm",
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy/m/d"),
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: "_(* #,##0_);_(* (#,##0);_(* -_);_(@_)",
    42: "_($* #,##0_);_($* (#,##0);_($* -_);_(@_)",
    43: "_(* #,##0.00_);_(* (#,##0.00);_(* -??_);_(@_)",
    44: "_($* #,##0.00_);_($* (#,##0.00);_($* -??_);_(@_)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
_PIECE: Final = re.compile(
    r"""(?P<general>General)
    |"(?P<quoted>[^"]*)"
    |\\(?P<escaped>.)
    |_(?P<room>.)
    |\*(?P<filling>.)
    |\[(?P<bracket>[^\]]*)\]
    |(?P<clock>AM/PM|A/P)
    |(?P<power>[Ee][+-])
    |(?P<date>[dmyhsDMYHS]+)
    |(?P<digit>[0#?])
    |(?P<sign>[.,%@/])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COLOUR: Final = re.compile(r"(?i)black|blue|cyan|green|magenta|red|white|yellow|color ?[0-9]{1,2}")
_ELAPSED: Final = re.compile(r"(?i)h+|m+|s+")
# Other signs that need no quotes around them.
_LITERAL: Final = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """`kind`: digit, sign, text, general, power, date, elapsed, or unknown."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class MomentFormat:
    """Which parts of a date and a time a format shows.

    `is_whole_day` where day, month and year can be told; `is_elapsed` for hours beyond 24.
    """

    day: bool = False
    time: bool = False
    seconds: bool = False
    is_whole_day: bool = False
    is_elapsed: bool = False


def shown_number(code: str, number: int | float) -> str | None:
    """The text that a number is shown as, with a point before fractions; None: not known."""
    sections = _sections(code)
    if sections is None or len(sections) > 4:
        return None
    at = _section_for(number, min(len(sections), 3))
    section = sections[at]
    needs_minus = number < 0 and (len(sections) == 1 or (len(sections) == 2 and at == 0))
    text = _numeric(section, abs(number))
    return text if text is None or not needs_minus else f"-{text}"


def shown_text(code: str, text: str) -> str | None:
    """What a text is shown as: the fourth section, or one with @, may add something to it."""
    sections = _sections(code)
    if sections is None:
        return text
    section = sections[3] if len(sections) == 4 else sections[-1]
    if len(sections) < 4 and not any(each == _Piece("sign", "@") for each in section):
        return text
    found = []
    for each in section:
        if each.kind in {"unknown", "digit", "power", "date", "elapsed"}:
            return None
        found.append(text if each == _Piece("sign", "@") else each.text)
    return "".join(found)


@lru_cache(maxsize=1_000)
def moment_format(code: str) -> MomentFormat | None:
    """The parts of a moment that a code shows; None where it is not for dates and times."""
    sections = _sections(code)
    if not sections:
        return None
    runs = [each for each in sections[0] if each.kind in {"date", "elapsed"}]
    letters = [each.text[0].lower() for each in runs]
    if not letters:
        return None
    months = [at for at, each in enumerate(letters) if each == "m" and not _is_minute(letters, at)]
    is_minute = any(each == "m" and at not in months for at, each in enumerate(letters))
    day = bool(months) or bool({"d", "y"} & set(letters))
    return MomentFormat(
        day=day,
        time=is_minute or bool({"h", "s"} & set(letters)),
        seconds="s" in letters,
        is_whole_day=bool(months) and {"d", "y"} <= set(letters),
        is_elapsed=any(each.kind == "elapsed" for each in runs),
    )


def _is_minute(letters: list[str], at: int) -> bool:
    """m is a minute after hours and before seconds, and else a month."""
    after_hours = at > 0 and letters[at - 1] == "h"
    before_seconds = at + 1 < len(letters) and letters[at + 1] == "s"
    return after_hours or before_seconds


def general(number: int | float) -> str:
    """A number as “General” shows it in a column that is wide enough."""
    if isinstance(number, int):
        return str(number)
    text = f"{number:.15g}"
    short = "e" in text and abs(int(text.partition("e")[2])) < 16
    return f"{Decimal(text):f}" if short else text.upper()


@lru_cache(maxsize=1_000)
def _sections(code: str) -> tuple[tuple[_Piece, ...], ...] | None:
    if len(code) > _LONGEST_CODE:
        return None
    found: list[list[_Piece]] = [[]]
    for match in _PIECE.finditer(code):
        if match["other"] == ";":
            found.append([])
        else:
            found[-1].append(_piece(match))
    return tuple(map(tuple, found))


def _piece(match: re.Match[str]) -> _Piece:
    kind, text = match.lastgroup or "", match[match.lastgroup or 0] or ""
    if kind in {"quoted", "escaped"}:
        return _Piece("text", text)
    if kind == "room":
        return _Piece("text", " ")
    if kind == "filling":
        return _Piece("text", "")
    if kind == "clock":
        return _Piece("text", "")
    if kind == "bracket":
        return _bracket(text)
    if kind == "other":
        return _Piece("text" if _LITERAL.fullmatch(text) else "unknown", text)
    return _Piece(kind, text)


def _bracket(text: str) -> _Piece:
    if text.startswith("$"):
        return _Piece("text", text[1:].partition("-")[0])
    if _COLOUR.fullmatch(text):
        return _Piece("text", "")
    return _Piece("elapsed", text) if _ELAPSED.fullmatch(text) else _Piece("unknown", text)


def _section_for(number: int | float, count: int) -> int:
    if count == 1 or number > 0:
        return 0
    if number < 0:
        return 1
    return 2 if count == 3 else 0


def _numeric(section: tuple[_Piece, ...], number: int | float) -> str | None:
    """A number that is not negative, in one section."""
    kinds = {each.kind for each in section}
    if kinds & {"unknown", "date", "elapsed"} or _Piece("sign", "/") in section:
        return None
    if "general" in kinds or _Piece("sign", "@") in section:
        return "".join(general(number) if _is_value(each) else each.text for each in section)
    if "digit" not in kinds:
        return "".join(each.text for each in section)
    if "power" in kinds:
        return _scientific(section, number)
    return _decimal(section, number)


def _is_value(piece: _Piece) -> bool:
    return piece.kind == "general" or piece == _Piece("sign", "@")


def _decimal(section: tuple[_Piece, ...], number: int | float) -> str | None:
    before, after = _around_point(section)
    places = sum(each.kind == "digit" for each in after)
    if places > _MOST_PLACES:
        return None
    percents = sum(each == _Piece("sign", "%") for each in section)
    power = 2 * percents - 3 * (_scaling(before) + _scaling(after))
    digits = _rounded(Fraction(repr(number)) * Fraction(10) ** power, places)
    whole, _point, fraction = digits.partition(".")
    return _whole(before, whole) + _fraction(after, fraction)


def _around_point(
    section: tuple[_Piece, ...],
) -> tuple[tuple[_Piece, ...], tuple[_Piece, ...]]:
    """The pieces before the decimal point, and those from it on."""
    point = _Piece("sign", ".")
    if point not in section:
        return section, ()
    at = section.index(point)
    return section[:at], section[at:]


def _rounded(exact: Fraction, places: int) -> str:
    """Half away from zero, as spreadsheets do."""
    text = str(floor(exact * 10**places + Fraction(1, 2))).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}" if places else text


def _scaling(side: tuple[_Piece, ...]) -> int:
    """How often a number is divided by a thousand: the commas after the last digit of a side."""
    marks = [each.text for each in side if each.kind == "digit" or each.text == ","]
    count = 0
    while len(marks) > count and marks[-1 - count] == ",":
        count += 1
    return count if count < len(marks) else 0


def _whole(before: tuple[_Piece, ...], digits: str) -> str:
    """The digits before the point, put into their places from the right."""
    left = "" if digits.strip("0") == "" else digits.lstrip("0")
    places = [at for at, each in enumerate(before) if each.kind == "digit"]
    commas = {at for at, each in enumerate(before) if each == _Piece("sign", ",")}
    is_grouped = bool(places) and any(places[0] < at < places[-1] for at in commas)
    found: list[str] = []
    count = 0
    for at in range(len(before) - 1, -1, -1):
        piece = before[at]
        if piece.kind != "digit":
            found.append("" if at in commas else piece.text)
            continue
        taken = left[-1:] or {"0": "0", "?": " "}.get(piece.text, "")
        left = left[:-1]
        rest, left = (left, "") if at == places[0] else ("", left)
        for digit in reversed(rest + taken):
            if is_grouped and count and count % 3 == 0 and digit.isdigit():
                found.append(",")
            found.append(digit)
            count += 1
    return "".join(reversed(found)) if places else "".join(reversed(found)) + left


def _fraction(after: tuple[_Piece, ...], digits: str) -> str:
    needed = digits.rstrip("0")
    found: list[str] = []
    count = 0
    for piece in after:
        if piece.kind != "digit":
            found.append("" if piece == _Piece("sign", ",") else piece.text)
            continue
        is_needed = count < len(needed) or piece.text == "0"
        found.append(digits[count] if is_needed else " " if piece.text == "?" else "")
        count += 1
    return "".join(found)


def _scientific(section: tuple[_Piece, ...], number: int | float) -> str | None:
    """One digit before the point, and a power of ten; with more of them: not known."""
    at = next(index for index, each in enumerate(section) if each.kind == "power")
    mantissa, power, exponent = section[:at], section[at], section[at + 1 :]
    before, after = _around_point(mantissa)
    places = sum(each.kind == "digit" for each in after)
    if sum(each.kind == "digit" for each in before) != 1 or places > _MOST_PLACES:
        return None
    digits, _e, size = f"{number:.{places}e}".partition("e")
    sign = "-" if size.startswith("-") else "+" if power.text.endswith("+") else ""
    whole, _point, fraction = digits.partition(".")
    shown = _whole(exponent, str(abs(int(size))))
    return f"{_whole(before, whole)}{_fraction(after, fraction)}{power.text[0]}{sign}{shown}"
