"""The words and signs of a condition that is written as text; see reading.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from workflows.engine.texts import gettext as _
from workflows.engine.values.number_text import NumberTextError, parse_number

from .words import ConditionTextError

_EXACT_FLOAT: Final = 2**53
_MOST_DIGITS: Final = 18
_DOUBLE: Final = "“”„‟"
_SINGLE: Final = "‘’‚‛"  # noqa: RUF001
_CLOSING: Final[Mapping[str, str]] = {
    '"': '"',
    "'": "'",
    **dict.fromkeys(_DOUBLE, _DOUBLE + '"'),
    **dict.fromkeys(_SINGLE, _SINGLE + "'"),
    "«": "»",
    "»": "«",
}
_NAME: Final = re.compile(r"[^\W\d][\w]*(?:\.\w+)*")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\'\\/bfnrt]))')
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SIGNS: Final = ("<=", ">=", "<>", "!=", "==", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/")
_OTHER_SIGNS: Final[Mapping[str, str]] = {
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",  # noqa: RUF001
    "–": "-",  # noqa: RUF001
}
_WORDS_OF_PROGRAMMERS: Final[Mapping[str, str]] = {"&&": "and", "||": "or"}
# 2026-11-25 would be a subtraction, and 25.11.2026 is no number; neither is what was meant.
_DATE: Final = re.compile(
    r"(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4})(?![\w.])"
)
_SPELLINGS: Final[Mapping[str, str]] = {"=": "==", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is name, text, number, sign, or end; ``value`` of a sign is the sign itself."""

    kind: str
    value: str | int | float
    column: int
    written: str

    @property
    def keyword(self) -> str:
        """The name in small letters, where it could be a keyword."""
        return str(self.value).lower() if self.kind == "name" else ""


def tokens_of(text: str) -> list[Token]:
    """The words and signs of a text, in order, with an end after them.

    Raises:
        ConditionTextError: something in it can be neither.
    """
    found: list[Token] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character.isspace() or character in "\ufeff\u200b":
            position += 1
            continue
        token = _token(text, position)
        found.append(token)
        position += len(token.written)
    return [*found, Token("end", "", len(text) + 1, "")]


def _token(text: str, position: int) -> Token:
    column = position + 1
    character = text[position]
    if character in _CLOSING:
        return _text_token(text, position)
    if match := _DATE.match(text, position):
        message = _(
            "The date at column %(column)d has no quotation marks. Write it like “2026-12-31”."
        )
        raise ConditionTextError(
            message % {"column": column}, column=column, expected=_("a date in quotation marks")
        )
    if match := _NUMBER.match(text, position):
        return _number_token(match.group(), column)
    if match := _NAME.match(text, position):
        return Token("name", match.group(), column, match.group())
    if (sign := text[position : position + 2]) in _WORDS_OF_PROGRAMMERS:
        return Token("name", _WORDS_OF_PROGRAMMERS[sign], column, sign)
    if character == "&":
        return Token("sign", "&", column, "&")
    if character in _OTHER_SIGNS:
        return Token("sign", _OTHER_SIGNS[character], column, character)
    for sign in _SIGNS:
        if text.startswith(sign, position):
            return Token("sign", _SPELLINGS.get(sign, sign), column, sign)
    message = _(
        "“%(sign)s” at column %(column)d has no meaning here. Remove it, or put the text that it "
        "belongs to in quotation marks."
    )
    raise ConditionTextError(
        message % {"sign": character, "column": column},
        column=column,
        expected=_("a name, a value or an operator"),
    )


def _number_token(written: str, column: int) -> Token:
    whole = written.isdigit()
    if whole and len(written) > 1 and written.startswith("0"):
        message = _(
            "The number at column %(column)d begins with 0. Write it without, or put it in "
            "quotation marks if it is a text. Write thousands without a comma: 1000."
        )
        raise ConditionTextError(
            message % {"column": column}, column=column, expected=_("a number")
        )
    if whole and len(written) <= _MOST_DIGITS:
        return Token("number", int(written), column, written)
    if whole:
        message = _("The number at column %(column)d is too large.")
        raise ConditionTextError(
            message % {"column": column}, column=column, expected=_("a number")
        )
    try:
        number = float(parse_number(written))
    except NumberTextError as error:
        message = _("The number at column %(column)d cannot be read. %(reason)s")
        raise ConditionTextError(
            message % {"column": column, "reason": error}, column=column, expected=_("a number")
        ) from error
    if number.is_integer() and abs(number) <= _EXACT_FLOAT:
        return Token("number", int(number), column, written)
    return Token("number", number, column, written)


def _text_token(text: str, position: int) -> Token:
    """A text in quotes. Smart quotes close each other; a quote in the text is doubled or has \\."""
    opening = text[position]
    closing = _CLOSING[opening]
    end = _closing_quote(text, position + 1, closing)
    if end < 0 and opening in {'"', "'"}:  # only the second one was made smart
        end = _closing_quote(text, position + 1, _DOUBLE if opening == '"' else _SINGLE)
    if end < 0:
        column = position + 1
        message = _("The text that begins at column %(column)d has no closing quotation mark.")
        raise ConditionTextError(
            message % {"column": column}, column=column, expected=_("a closing quotation mark")
        )
    inner = text[position + 1 : end]
    if opening in closing:
        inner = inner.replace(opening * 2, opening) if opening in {'"', "'"} else inner
    value = _unescaped(inner, position + 2)
    return Token("text", value, position + 1, text[position : end + 1])


def _closing_quote(text: str, start: int, closing: str) -> int:
    position = start
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
        elif character not in closing:
            position += 1
        elif character in {'"', "'"} and text[position + 1 : position + 2] == character:
            position += 2  # a doubled quote stands for one, as in spreadsheet formulas
        else:
            return position
    return -1


def _unescaped(inner: str, column: int) -> str:
    if "\\" not in inner:
        return inner
    made, position = [], 0
    while (start := inner.find("\\", position)) >= 0:
        made.append(inner[position:start])
        match = _ESCAPE.match(inner, start)
        if match is None:
            at = column + start
            message = _("The backslash at column %(column)d must be written twice.")
            raise ConditionTextError(message % {"column": at}, column=at, expected="\\\\")
        code, sign = match.groups()
        made.append(chr(int(code, 16)) if code else _ESCAPED.get(sign, sign))
        position = match.end()
    text = "".join([*made, inner[position:]])
    # Two halves of a character make one; a half alone could not be kept anywhere.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
