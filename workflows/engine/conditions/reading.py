"""Reading a condition: from the text to its JsonLogic; see text.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Final, NoReturn

from workflows.engine.evaluating.days import WORKING_DAYS
from workflows.engine.problems import nearest, quoted, short
from workflows.engine.process import Json
from workflows.engine.texts import gettext as _

from .tokens import Token, tokens_of
from .words import (
    CALLED,
    COMPARED,
    COUNT,
    COUNTING,
    KEYWORDS,
    LITERALS,
    MAX_CHARACTERS,
    MAX_NESTING,
    MAX_OPERANDS,
    OF_ROWS,
    OUTSIDE,
    SUMMED,
    UNIT_OF_WORD,
    WORKING,
    ConditionTextError,
    Names,
    over_rows,
)

# Durations as values, which two dates or moments are apart: 14 days, 4 hours.
_DURATIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("hour", "hours"), "h"),
    **dict.fromkeys(("minute", "minutes"), "m"),
}
_MOST_OF_A_DURATION: Final = 10_000_000


def read_text(text: str, names: Names) -> Json:
    if len(text) > MAX_CHARACTERS:
        message = _("This is longer than %(most)d characters. Make it shorter.")
        raise ConditionTextError(message % {"most": MAX_CHARACTERS})
    if text.lstrip()[:1] in {"{", "["}:
        return _json(text)
    return _Parser(tokens_of(text), names).condition()


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


class _Parser:
    """One text. Each method reads one level and gives the rule with how deep it is nested."""

    def __init__(self, tokens: list[Token], names: Names) -> None:
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
    def next(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
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
        left = self.duration(self.joined())
        if operator := self.sign(*COMPARED):
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
        middle = self.duration(self.joined())
        if operator in {"<", "<="} and self.sign(operator):
            return self.operation(operator, left, middle, self.duration(self.joined()))
        if self.next.kind == "sign" and self.next.value in COMPARED:
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
        """From the left; a run of + is one call, but for days that are added: `today + 2 days`."""
        operands = [self.product()]
        while operator := self.sign("+", "-"):
            right = self.product()
            unit = self.unit()
            if operator == "+" and not unit:
                operands.append(right)
                continue
            left = self.added(operands)
            if unit:
                operands = [self.shifted(left, operator, right, unit)]
            else:
                operands = [self.operation("-", left, right)]
        return self.added(operands)

    def added(self, operands: list[tuple[Json, int]]) -> tuple[Json, int]:
        return operands[0] if len(operands) == 1 else self.operation("+", *operands)

    def product(self) -> tuple[Json, int]:
        """From the left; a run of * is one call."""
        found, operator = self.operand(), self.sign("*", "/")
        while operator:
            if operator == "*":
                operands, again = [found, self.operand()], self.sign("*", "/")
                while again == "*":
                    operands.append(self.operand())
                    again = self.sign("*", "/")
                found, operator = self.operation("*", *operands), again
            else:
                found = self.operation("/", found, self.operand())
                operator = self.sign("*", "/")
        return found

    def unit(self) -> str:
        """What days are counted in, taken, where it is next: `working days`, `month`."""
        following = self.tokens[self.position : self.position + 2]
        words = [each.keyword for each in following]
        if words[0] == WORKING and UNIT_OF_WORD.get(words[-1]) == "days":
            self.position += 2
            return WORKING_DAYS
        unit = UNIT_OF_WORD.get(words[0], "")
        self.position += 1 if unit else 0
        return unit

    def shifted(
        self, date: tuple[Json, int], operator: str, count: tuple[Json, int], unit: str
    ) -> tuple[Json, int]:
        """A date moved by so many days; before it where they are subtracted."""
        number, depth = count
        if operator == "-" and isinstance(number, int | float) and not isinstance(number, bool):
            number = -number
        elif operator == "-":
            number, depth = self.operation("-", count)
        return self.operation("date_add", date, (number, depth), (unit, 0))

    def duration(self, found: tuple[Json, int]) -> tuple[Json, int]:
        """A number with a unit as a value: `until - from <= 14 days`."""
        sign = _DURATIONS.get(self.next.keyword, "")
        number = found[0]
        if not sign or isinstance(number, bool) or not isinstance(number, int):
            return found
        if not 0 <= number <= _MOST_OF_A_DURATION:
            self.fail(_("an operator such as =, and, or"))
        self.position += 1
        return f"{number}{sign}", 0

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
        if token.kind == "name" and token.keyword in LITERALS:
            self.position += 1
            return LITERALS[token.keyword], 0
        if token.kind != "name" or token.keyword in KEYWORDS:
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
        if is_called and following[1].keyword != "or" and token.keyword in OF_ROWS:
            return self.of_rows(token)
        if is_called and following[1].keyword != "or" and token.keyword in COUNTING:
            return self.counted(token)
        if is_called and following[1].keyword != "or" and token.keyword in CALLED:
            return self.called(token)
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

    def counted(self, token: Token) -> tuple[Json, int]:
        """`days(from, until)`: from the first date to the second."""
        first, last = self.arguments(token, 2, 2)
        return self.operation("date_diff", last, first, (COUNTING[token.keyword], 0))

    def called(self, token: Token) -> tuple[Json, int]:
        """`round(total, 2)`, and other operators that are written as functions."""
        return self.operation(token.keyword, *self.arguments(token, *CALLED[token.keyword]))

    def arguments(self, token: Token, least: int, most: int) -> list[tuple[Json, int]]:
        """The values in brackets after the name of a function."""
        self.position += 1
        self.open += 1
        if self.open > MAX_NESTING:
            self.too_deep()
        found = [self.joined()]
        while self.sign(","):
            found.append(self.joined())
            if len(found) > most:
                break
        if not least <= len(found) <= most:
            message = _(
                "“%(name)s” at column %(column)d takes %(least)d values, or up to %(most)d."
            )
            if least == most:
                message = _("“%(name)s” at column %(column)d takes %(least)d values.")
            words = {"name": token.keyword, "column": token.column, "least": least, "most": most}
            raise ConditionTextError(message % words, column=token.column)
        if not self.sign(")"):
            self.fail(_("a comma or a closing bracket"))
        self.open -= 1
        return found

    def reading(self, path: str) -> dict[str, Json]:
        """A variable as it is read here: inside a function of rows, from a row or from outside."""
        if self.rows is None:
            return {"var": path}
        found = self.names.rows_and_column(path)
        if found is not None and self.rows in {"", found[0]}:
            self.rows = found[0]
            return {"var": found[1]}
        return {"val": [OUTSIDE, *path.split(".")]}

    def of_rows(self, token: Token) -> tuple[Json, int]:
        """``sum(…)`` and its like: which rows is known when the brackets have been read."""
        function = token.keyword
        if self.rows is not None:
            message = _("“%(name)s” at column %(column)d cannot stand inside another one.")
            words = {"name": function, "column": token.column}
            raise ConditionTextError(message % words, column=token.column)
        self.rows = ""
        self.position += 1
        body, depth = self.inside_brackets(self.joined if function == SUMMED else self.disjunction)
        rows, self.rows = self.rows, None
        is_whole = False
        if not rows and function == COUNT and isinstance(body, dict) and "val" in body:
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
        return over_rows(function, rows, None if is_whole else body), depth + 3


def _advice(token: Token) -> str:
    if token.kind == "sign" and token.value == ",":
        return _("Write numbers with a dot, without a comma.")
    return ""
