"""Conditions as people write them: ``approve.approved = yes and ticket.amount > 1000``.

A second way to write JsonLogic, for cells and text boxes; docs/workbook-format.md describes it
for people. Whatever ``write_condition`` and ``write_expression`` give back, ``parse_condition``
and ``parse_expression`` read as exactly the same rule; what cannot be said in this language is
left to JSON (they give None).

From loose to tight: ``or``, ``and``, ``not``, comparisons, ``&`` (joins texts), ``+ -``,
``* /``. A chain of one operator is one call: ``a and b and c`` is ``{"and": [a, b, c]}``.
``x is empty`` asks whether there is no answer: ``{"!!": {"missing": ["x"]}}``.

``sum``, ``any``, ``all`` and ``count`` go over the rows of a question that asks for records:
``sum(ticket.lines.quantity * ticket.lines.price)``. The first name in the brackets that has a part
more than an answer has says which rows; names of the same rows are those of one row, other names
are read as everywhere. No answer is no rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from .conditions import compact, is_empty
from .errors import ConditionError
from .number_text import NumberTextError, parse_number, write_number
from .problems import did_you_mean, nearest, quoted, short
from .process import Json
from .texts import gettext as _
from .texts import gettext_noop

MAX_CHARACTERS = 20_000
MAX_NESTING = 20  # a rule nests two levels of JSON for each, of the 60 that a document may have
MAX_OPERANDS = 1_000
ROOTS: Final = (
    *("ticket", "tasks", "visits", "submitter", "company", "number", "failure"),
    *("item", "item_number"),
)
# Definitions that are older than these roots may have a task of such a key: it is meant then.
_LATER_ROOTS: Final = frozenset({"visits", "failure", "item", "item_number"})
RESPONSE: Final = "response"

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
_WRITABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
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
_LITERALS: Final[Mapping[str, bool]] = {"yes": True, "no": False, "true": True, "false": False}
_KEYWORDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "contains", "does", "contain", *_LITERALS}
)
_SUMMED, _ANY, _ALL, _COUNT = "sum", "any", "all", "count"
_OF_ROWS: Final = frozenset({_SUMMED, _ANY, _ALL, _COUNT})
_OUTSIDE: Final[Json] = [2]  # the level of what surrounds a loop
# How many parts the name of an answer has, by its root; that of a column in rows has one more.
_PARTS: Final[Mapping[str, int]] = {"ticket": 2, "tasks": 3}
# Of a block with a branch for each entry: each row has the output of the tasks, too.
_ITEMS: Final = "items"
_ALWAYS: Final = frozenset({"always", "otherwise", "else"})
_COMPARED: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})


class ConditionTextError(ConditionError):
    """The condition cannot be read.

    ``column`` counts characters from 1. ``expected`` says what could stand there, ``nearest``
    is the name that was probably meant, or empty.
    """

    message = gettext_noop("The condition cannot be read.")

    def __init__(
        self, said: str, *, column: int = 1, expected: str = "", nearest: str = ""
    ) -> None:
        super().__init__(f"{said}{did_you_mean(nearest)}")
        self.column = column
        self.expected = expected
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Names:
    """What the names in a text may begin with.

    ``fields`` is for conditions on other fields of the same form: their names stand alone. It
    is None for conditions of a process, whose names begin with one of ``roots``, or with the
    key of a task, for which ``tasks.`` is put in front.
    """

    task_keys: Collection[str] = ()
    fields: Collection[str] | None = None
    roots: Collection[str] = ROOTS

    def path(self, name: str, column: int) -> str:
        """The variable that a name stands for; raise ConditionTextError if there is none."""
        first, dot, rest = name.partition(".")
        lowered = first.lower()
        if self.fields is not None:
            if first in self.fields or lowered in self.fields:
                return f"{first if first in self.fields else lowered}{dot}{rest}"
            raise self._unknown(name, first, self.fields, column)
        is_task = first in self.task_keys or lowered in self.task_keys
        if lowered in self.roots and not (is_task and lowered in _LATER_ROOTS):
            return f"{lowered}{dot}{rest}"
        if first in self.task_keys or lowered in self.task_keys:
            return f"tasks.{first if first in self.task_keys else lowered}{dot}{rest}"
        raise self._unknown(name, first, [*self.task_keys, *self.roots], column)

    def rows_and_column(self, path: str) -> tuple[str, str] | None:
        """The answer with the rows, and the column in it; None for a name of anything else."""
        parts = path.split(".")
        of_answer = 1 if self.fields is not None else _PARTS.get(parts[0], 0)
        if of_answer == _PARTS["tasks"] and parts[2:3] == [_ITEMS] and len(parts) == of_answer + 2:
            return ".".join(parts[:of_answer]), ".".join(parts[of_answer:])
        if not of_answer or len(parts) != of_answer + 1:
            return None
        return ".".join(parts[:-1]), parts[-1]

    def shortest(self, path: str) -> str:
        """The name for a variable; what cannot be named comes back as another variable's."""
        if self.fields is None and path.startswith("tasks."):
            short_name = path.removeprefix("tasks.")
            key = short_name.partition(".")[0]
            if key in self.task_keys and key not in self.roots:
                return short_name
        return path

    def _unknown(
        self, name: str, first: str, known: Collection[str], column: int
    ) -> ConditionTextError:
        meant = nearest(first.lower(), known)
        rest = name[len(first) :]
        if self.fields is None and not rest:
            message = _(
                "“%(name)s” at column %(column)d is no name that can be read here. Put texts in "
                "quotation marks; a name begins with the key of a task, or with one of: %(roots)s."
            )
        elif self.fields is None:
            message = _("“%(name)s” at column %(column)d: there is no task “%(task)s”.")
        else:
            message = _(
                "“%(name)s” at column %(column)d is not a field of this form. Put texts in "
                "quotation marks."
            )
        words = {
            "name": short(name),
            "column": column,
            "roots": ", ".join(self.roots),
            "task": short(first),
        }
        return ConditionTextError(
            message % words,
            column=column,
            expected=_("a name, or a text in quotation marks"),
            nearest=f"{meant}{rest}" if meant else "",
        )


def parse_condition(
    text: str, *, task_keys: Collection[str] = (), fields: Collection[str] | None = None
) -> Json:
    """The JsonLogic of a condition; None for an empty one, ``always`` and ``otherwise``.

    JSON is accepted too: a text that begins with ``{`` is taken as it is. ``fields`` are the
    fields of a form, for conditions that decide whether a question is shown.

    Raises:
        ConditionTextError: the text cannot be read; it says where, and what was expected.
    """
    cleaned = text.strip()
    if not cleaned or cleaned.lower().rstrip(".") in _ALWAYS:
        return None
    rule = _read(text, Names(task_keys, fields))
    return None if is_empty(rule) else rule


def parse_expression(text: str, *, names: Names) -> Json:
    """The JsonLogic of a value: a name, a text in quotes, a number, or a calculation with them.

    JSON is accepted too, where the text begins with ``{`` or ``[``.

    Raises:
        ConditionTextError: the text cannot be read; it says where, and what was expected.
    """
    return _read(text, names)


def write_condition(
    rule: Json, *, task_keys: Collection[str] = (), fields: Collection[str] | None = None
) -> str | None:
    """The condition as text; None where the language cannot say it. Never raises."""
    if is_empty(rule):
        return ""
    return write_expression(rule, names=Names(task_keys, fields))


def write_expression(rule: Json, *, names: Names) -> str | None:
    """The value as text; None where the language cannot say it. Never raises."""
    try:
        text = _Writer(names).at(rule, 0, 0)
        same = compact(_read(text, names)) == compact(rule)
    except (_Unwritable, ConditionTextError):
        return None
    return text if same else None


def _read(text: str, names: Names) -> Json:
    if len(text) > MAX_CHARACTERS:
        message = _("This is longer than %(most)d characters. Make it shorter.")
        raise ConditionTextError(message % {"most": MAX_CHARACTERS})
    if text.lstrip()[:1] in {"{", "["}:
        return _json(text)
    return _Parser(_tokens(text), names).condition()


def _json(text: str) -> Json:
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        column = error.pos + 1
        message = _("This begins as JSON, but is not written as JSON at column %(column)d.")
        raise ConditionTextError(
            message % {"column": column}, column=column, expected="JSON"
        ) from error
    except (RecursionError, ValueError) as error:
        message = _("This JSON is nested too deeply, or has a number that is too long.")
        raise ConditionTextError(message, expected="JSON") from error
    return value


def _no_constant(name: str) -> NoReturn:
    message = _("“%(name)s” is not a JSON number. Write an ordinary number.")
    raise ConditionTextError(message % {"name": name})


# Reading, first part: the words and signs


@dataclass(frozen=True, slots=True)
class _Token:
    """``kind`` is name, text, number, sign, or end; ``value`` of a sign is the sign itself."""

    kind: str
    value: str | int | float
    column: int
    written: str

    @property
    def keyword(self) -> str:
        """The name in small letters, where it could be a keyword."""
        return str(self.value).lower() if self.kind == "name" else ""


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character.isspace() or character in "\ufeff\u200b":
            position += 1
            continue
        token = _token(text, position)
        found.append(token)
        position += len(token.written)
    return [*found, _Token("end", "", len(text) + 1, "")]


def _token(text: str, position: int) -> _Token:
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
        return _Token("name", match.group(), column, match.group())
    if (sign := text[position : position + 2]) in _WORDS_OF_PROGRAMMERS:
        return _Token("name", _WORDS_OF_PROGRAMMERS[sign], column, sign)
    if character == "&":
        return _Token("sign", "&", column, "&")
    if character in _OTHER_SIGNS:
        return _Token("sign", _OTHER_SIGNS[character], column, character)
    for sign in _SIGNS:
        if text.startswith(sign, position):
            return _Token("sign", _SPELLINGS.get(sign, sign), column, sign)
    message = _(
        "“%(sign)s” at column %(column)d has no meaning here. Remove it, or put the text that it "
        "belongs to in quotation marks."
    )
    raise ConditionTextError(
        message % {"sign": character, "column": column},
        column=column,
        expected=_("a name, a value or an operator"),
    )


def _number_token(written: str, column: int) -> _Token:
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
        return _Token("number", int(written), column, written)
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
        return _Token("number", int(number), column, written)
    return _Token("number", number, column, written)


def _text_token(text: str, position: int) -> _Token:
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
    return _Token("text", value, position + 1, text[position : end + 1])


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


# Reading, second part: what they mean together


class _Parser:
    """One text. Each method reads one level and gives the rule with how deep it is nested."""

    def __init__(self, tokens: list[_Token], names: Names) -> None:
        self.tokens = tokens
        self.names = names
        self.position = 0
        self.open = 0
        # Inside a function of rows: the answer with the rows, empty as long as no name says it.
        self.rows: str | None = None

    def condition(self) -> Json:
        rule, _depth = self.disjunction()
        if self.next.kind != "end":
            self.fail(_("an operator such as =, and, or"), advice=_advice(self.next))
        return rule

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def take(self) -> _Token:
        token = self.next
        if token.kind != "end":
            self.position += 1
        return token

    def sign(self, *signs: str) -> str:
        """The sign that is next, taken, where it is one of these."""
        token = self.next
        if token.kind == "sign" and token.value in signs:
            self.position += 1
            return str(token.value)
        return ""

    def word(self, *words: str) -> str:
        """The keyword that is next, taken, where it is one of these."""
        found = self.next.keyword
        if found in words:
            self.position += 1
            return found
        return ""

    def fail(self, expected: str, *, advice: str = "", known: Collection[str] = ()) -> NoReturn:
        token = self.next
        found = quoted(short(token.written)) if token.kind != "end" else _("nothing more")
        message = _("At column %(column)d, %(expected)s was expected, but there is %(found)s.")
        words = {"column": token.column, "expected": expected, "found": found}
        raise ConditionTextError(
            f"{message % words} {advice}".rstrip(),
            column=token.column,
            expected=expected,
            nearest=nearest(token.keyword, known) if token.keyword else "",
        )

    def operation(self, operator: str, *operands: tuple[Json, int]) -> tuple[Json, int]:
        depth = 1 + max((each[1] for each in operands), default=0)
        if depth > MAX_NESTING:
            self.too_deep()
        return {operator: [each[0] for each in operands]}, depth

    def too_deep(self) -> NoReturn:
        column = self.next.column
        message = _(
            "This is nested more than %(most)d levels deep at column %(column)d. Simplify it."
        )
        raise ConditionTextError(message % {"most": MAX_NESTING, "column": column}, column=column)

    def chain(
        self, operator: str, part: Callable[[], tuple[Json, int]], more: Callable[[], str]
    ) -> tuple[Json, int]:
        """Operands of one operator, in one call."""
        operands = [part()]
        while more():
            operands.append(part())
            if len(operands) > MAX_OPERANDS:
                self.too_deep()
        return operands[0] if len(operands) == 1 else self.operation(operator, *operands)

    def disjunction(self) -> tuple[Json, int]:
        return self.chain("or", self.conjunction, lambda: self.word("or"))

    def conjunction(self) -> tuple[Json, int]:
        return self.chain("and", self.negation, lambda: self.word("and"))

    def negation(self) -> tuple[Json, int]:
        count = 0
        while self.word("not"):
            count += 1
            if count > MAX_NESTING:
                self.too_deep()
        found = self.comparison()
        for _each in range(count):
            found = self.negated(found)
        return found

    def negated(self, found: tuple[Json, int]) -> tuple[Json, int]:
        _rule, depth = self.operation("!", found)
        return {"!": found[0]}, depth

    def comparison(self) -> tuple[Json, int]:
        left = self.joined()
        if operator := self.sign(*_COMPARED):
            return self.compared(operator, left)
        if self.word("contains"):
            return self.operation("in", self.joined(), left)
        if self.word("does"):
            self.expect("not")
            self.expect("contain", "contains")
            return self.negated(self.operation("in", self.joined(), left))
        if self.word("in"):
            return self.membership(left)
        if self.next.keyword == "not":
            self.position += 1
            if self.word("in"):
                return self.negated(self.membership(left))
            self.expect("in", "contains")
            return self.negated(self.operation("in", self.joined(), left))
        if self.word("is"):
            return self.emptiness(left)
        return left

    def compared(self, operator: str, left: tuple[Json, int]) -> tuple[Json, int]:
        middle = self.joined()
        if operator in {"<", "<="} and self.sign(operator):
            return self.operation(operator, left, middle, self.joined())
        if self.next.kind == "sign" and self.next.value in _COMPARED:
            self.fail(_("and, or, or the end"), advice=_("Compare two values at a time."))
        return self.operation(operator, left, middle)

    def expect(self, *words: str) -> None:
        if not self.word(*words):
            self.fail(quoted(words[0]), known=words)

    def emptiness(self, left: tuple[Json, int]) -> tuple[Json, int]:
        """``is empty``, ``is not empty``; ``is`` alone compares."""
        negative = bool(self.word("not"))
        if self.word("in"):
            found = self.membership(left)
            return self.negated(found) if negative else found
        if self.next.keyword != "empty":
            return self.operation("!=" if negative else "==", left, self.joined())
        self.position += 1
        path = left[0].get("var") if isinstance(left[0], dict) else None
        if not isinstance(path, str):
            raise ConditionTextError(
                _("Only a name can be empty. Write a name before “is empty”."),
                column=self.next.column,
                expected=_("a name"),
            )
        return {"!" if negative else "!!": {"missing": [path]}}, 2

    def membership(self, left: tuple[Json, int]) -> tuple[Json, int]:
        if not self.sign("("):
            return self.operation("in", left, self.joined())
        items: list[tuple[Json, int]] = []
        while not self.sign(")"):
            if items and not self.sign(","):
                self.fail(_("a comma or a closing bracket"))
            items.append(self.joined())
            if len(items) > MAX_OPERANDS:
                self.too_deep()
        depth = max((each[1] for each in items), default=0)
        group: Json = [each[0] for each in items]
        return self.operation("in", left, (group, depth + 1))

    def joined(self) -> tuple[Json, int]:
        return self.chain("cat", self.sum, lambda: self.sign("&"))

    def sum(self) -> tuple[Json, int]:
        return self.calculation(("+", "-"), self.product)

    def product(self) -> tuple[Json, int]:
        return self.calculation(("*", "/"), self.operand)

    def calculation(
        self, signs: tuple[str, str], part: Callable[[], tuple[Json, int]]
    ) -> tuple[Json, int]:
        """From the left; a run of + or of * is one call."""
        found, operator = part(), self.sign(*signs)
        while operator:
            if operator in {"+", "*"}:
                operands, again = [found, part()], self.sign(*signs)
                while again == operator:
                    operands.append(part())
                    again = self.sign(*signs)
                found, operator = self.operation(operator, *operands), again
            else:
                found, operator = self.operation(operator, found, part()), self.sign(*signs)
        return found

    def operand(self) -> tuple[Json, int]:
        token = self.next
        if token.kind == "sign" and token.value == "(":
            return self.bracketed()
        if token.kind == "sign" and token.value == "-":
            self.position += 1
            number = self.next
            if number.kind != "number" or isinstance(number.value, str):
                self.fail(_("a number"))
            self.position += 1
            return -number.value, 0
        if token.kind in {"text", "number"}:
            self.position += 1
            return token.value, 0
        if token.kind == "name" and token.keyword in _LITERALS:
            self.position += 1
            return _LITERALS[token.keyword], 0
        if token.kind != "name" or token.keyword in _KEYWORDS:
            self.fail(_('a name or a value, such as ticket.amount, "text", 5 or yes'))
        return self.name()

    def bracketed(self) -> tuple[Json, int]:
        self.position += 1
        return self.inside_brackets(self.disjunction)

    def inside_brackets(self, part: Callable[[], tuple[Json, int]]) -> tuple[Json, int]:
        self.open += 1
        if self.open > MAX_NESTING:
            self.too_deep()
        found = part()
        if not self.sign(")"):
            self.fail(_("a closing bracket"))
        self.open -= 1
        return found

    def name(self) -> tuple[Json, int]:
        """A name, and what counts where there is no answer: ``ticket.amount (or 0)``."""
        token = self.take()
        following = self.tokens[self.position : self.position + 2]
        is_called = following[0].kind == "sign" and following[0].value == "("
        if is_called and following[1].keyword != "or" and token.keyword in _OF_ROWS:
            return self.of_rows(token)
        path = self.names.path(str(token.value), token.column)
        read = self.reading(path)
        if not is_called:
            return read, 1
        if following[1].keyword != "or":
            self.fail(_("an operator such as ="), advice=_("A name is no function."))
        if "var" not in read:
            self.fail(
                _("an operator such as ="), advice=_("Here only a column of the rows has it.")
            )
        self.position += 2
        otherwise, depth = self.inside_brackets(self.joined)
        if depth + 1 > MAX_NESTING:
            self.too_deep()
        return {"var": [read["var"], otherwise]}, depth + 1

    def reading(self, path: str) -> dict[str, Json]:
        """A variable as it is read here: inside a function of rows, from a row or from outside."""
        if self.rows is None:
            return {"var": path}
        found = self.names.rows_and_column(path)
        if found is not None and self.rows in {"", found[0]}:
            self.rows = found[0]
            return {"var": found[1]}
        return {"val": [_OUTSIDE, *path.split(".")]}

    def of_rows(self, token: _Token) -> tuple[Json, int]:
        """``sum(…)`` and its like: which rows is known when the brackets have been read."""
        function = token.keyword
        if self.rows is not None:
            message = _("“%(name)s” at column %(column)d cannot stand inside another one.")
            words = {"name": function, "column": token.column}
            raise ConditionTextError(message % words, column=token.column)
        self.rows = ""
        self.position += 1
        body, depth = self.inside_brackets(self.joined if function == _SUMMED else self.disjunction)
        rows, self.rows = self.rows, None
        is_whole = False
        if not rows and function == _COUNT and isinstance(body, dict) and "val" in body:
            steps = body["val"]
            rows = ".".join(map(str, steps[1:])) if isinstance(steps, list) else ""
            is_whole = True
        if not rows:
            message = _(
                "“%(name)s” at column %(column)d goes over rows: name a column of them, such as "
                "ticket.lines.price."
            )
            words = {"name": function, "column": token.column}
            raise ConditionTextError(message % words, column=token.column)
        if depth + 3 > MAX_NESTING:
            self.too_deep()
        return _over_rows(function, rows, None if is_whole else body), depth + 3


def _over_rows(function: str, rows: str, body: Json) -> Json:
    """The rule of a function of rows; `body` is None where it is about the rows as a whole."""
    given: Json = {"var": [rows, []]}
    if function == _SUMMED:
        return {"+": [{"map": [given, body]}]}
    if function == _COUNT:
        return {"length": [given if body is None else {"filter": [given, body]}]}
    return {"some" if function == _ANY else "all": [given, body]}


def rows_in(rule: Json) -> tuple[str, str, Json] | None:
    """The function, the answer with the rows, and what is done with each, as `_over_rows` makes it.

    What is done with each is None where the rows are counted; None altogether for another rule.
    """
    if not isinstance(rule, dict) or len(rule) != 1:
        return None
    ((operator, arguments),) = rule.items()
    function = {"some": _ANY, "all": _ALL}.get(operator, "")
    if operator in {"+", "length"} and isinstance(arguments, list) and len(arguments) == 1:
        function = _SUMMED if operator == "+" else _COUNT
        inner = arguments[0]
        name = "map" if operator == "+" else "filter"
        is_loop = isinstance(inner, dict) and name in inner
        if isinstance(inner, dict) and name in inner:
            arguments = inner[name]
        elif operator == "+":
            return None
        if not is_loop:
            arguments = [inner, None]
    if not function or not isinstance(arguments, list) or len(arguments) != 2:
        return None
    given, body = arguments
    read = given.get("var") if isinstance(given, dict) else None
    if not isinstance(read, list) or len(read) != 2 or read[1] != []:
        return None
    return (function, read[0], body) if isinstance(read[0], str) else None


def _advice(token: _Token) -> str:
    if token.kind == "sign" and token.value == ",":
        return _("Write numbers with a dot, without a comma.")
    return ""


# Writing


class _Unwritable(Exception):  # noqa: N818 - it never leaves this module
    """The language has no words for this rule."""


_OR, _AND, _NOT, _COMPARISON, _JOIN, _SUM, _PRODUCT, _ATOM = range(1, 9)
_LEVELS: Final[Mapping[str, tuple[int, str]]] = {
    "or": (_OR, " or "),
    "and": (_AND, " and "),
    "cat": (_JOIN, " & "),
    "+": (_SUM, " + "),
    "*": (_PRODUCT, " * "),
    "-": (_SUM, " - "),
    "/": (_PRODUCT, " / "),
}


class _Writer:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.rows: str | None = None

    def at(self, rule: Json, level: int, depth: int) -> str:
        """The rule, in brackets where what stands around it is tighter."""
        if depth > MAX_NESTING:
            raise _Unwritable
        own, text = self.written(rule, depth + 1)
        return f"({text})" if own < level else text

    def written(self, rule: Json, depth: int) -> tuple[int, str]:
        if not isinstance(rule, dict):
            return _ATOM, _literal(rule)
        if len(rule) != 1:
            raise _Unwritable
        ((operator, arguments),) = rule.items()
        if operator == "var":
            return _ATOM, self.variable(arguments, depth)
        if operator == "val":
            return _ATOM, self.outside(arguments)
        if (over := rows_in(rule)) is not None:
            return _ATOM, self.over_rows(*over, depth)
        if operator in {"!", "!!"}:
            return self.negation(operator, arguments, depth)
        if not isinstance(arguments, list) or len(arguments) < 2:
            raise _Unwritable
        if operator in _LEVELS:
            level, sign = _LEVELS[operator]
            return level, sign.join(self.at(each, level + 1, depth) for each in arguments)
        if operator == "in" and len(arguments) == 2:
            return _COMPARISON, self.membership(arguments, "in", "contains", depth)
        if operator in _COMPARED:
            sign = f" {'=' if operator == '==' else operator} "
            return _COMPARISON, sign.join(self.at(each, _JOIN, depth) for each in arguments)
        raise _Unwritable

    def negation(self, operator: str, argument: Json, depth: int) -> tuple[int, str]:
        inner, arguments = "", None
        if isinstance(argument, dict) and len(argument) == 1:
            ((inner, arguments),) = argument.items()
        if inner == "missing" and isinstance(arguments, list) and len(arguments) == 1:
            name = self.variable(arguments[0], depth)
            return _COMPARISON, f"{name} is {'not ' if operator == '!' else ''}empty"
        if operator == "!!":
            raise _Unwritable
        if inner == "in" and isinstance(arguments, list) and len(arguments) == 2:
            return _COMPARISON, self.membership(arguments, "not in", "does not contain", depth)
        return _NOT, f"not {self.at(argument, _ATOM, depth)}"

    def membership(self, arguments: list[Json], among: str, has: str, depth: int) -> str:
        item, group = arguments
        if isinstance(group, list):
            items = ", ".join(self.at(each, _JOIN, depth) for each in group)
            return f"{self.at(item, _JOIN, depth)} {among} ({items})"
        return f"{self.at(group, _JOIN, depth)} {has} {self.at(item, _JOIN, depth)}"

    def variable(self, arguments: Json, depth: int) -> str:
        if isinstance(arguments, list) and len(arguments) == 2:
            path, otherwise = arguments
            if not isinstance(path, str):
                raise _Unwritable
            return f"{self.variable(path, depth)} (or {self.at(otherwise, _JOIN, depth)})"
        if not isinstance(arguments, str):
            raise _Unwritable
        return self.name(arguments if self.rows is None else f"{self.rows}.{arguments}")

    def outside(self, arguments: Json) -> str:
        """A name inside a function of rows that is none of a row."""
        if self.rows is None or not isinstance(arguments, list) or arguments[:1] != [_OUTSIDE]:
            raise _Unwritable
        return self.name(".".join(map(str, arguments[1:])))

    def over_rows(self, function: str, rows: str, body: Json, depth: int) -> str:
        if self.rows is not None:
            raise _Unwritable
        if body is None:
            return f"{function}({self.name(rows)})"
        self.rows = rows
        text = self.at(body, _JOIN if function == _SUMMED else 0, depth + 2)
        self.rows = None
        return f"{function}({text})"

    def name(self, path: str) -> str:
        name = self.names.shortest(path)
        if not _WRITABLE_NAME.fullmatch(name):
            raise _Unwritable
        return name


def _literal(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        # As JSON, but with other letters as they are; NBSP and such stay as \u escapes.
        return "".join(map(_shown, json.dumps(value, ensure_ascii=False)))
    if isinstance(value, float) and not value.is_integer():
        return write_number(value)
    if isinstance(value, int | float):
        return json.dumps(value)
    raise _Unwritable


def _shown(character: str) -> str:
    return character if character == " " or character.isprintable() else _escaped(character)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


__all__ = [
    "MAX_CHARACTERS",
    "RESPONSE",
    "ROOTS",
    "ConditionTextError",
    "Names",
    "parse_condition",
    "parse_expression",
    "write_condition",
    "write_expression",
]
