"""What the language of conditions is made of: names, functions, units of days.

Reading and writing share it; text.py describes the language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from workflows.engine.errors import ConditionError
from workflows.engine.evaluating.days import WORKING_DAYS
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop

MAX_CHARACTERS = 20_000
MAX_NESTING = 20  # a rule nests two levels of JSON for each, of the 60 that a document may have
MAX_OPERANDS = 1_000
ROOTS: Final = (
    *("ticket", "tasks", "visits", "earlier", "done", "submitter", "company", "number"),
    *("failure", "failures", "item", "item_number"),
    *NAMES_OF_TIME,
)
# Definitions that are older than these roots may have a task of such a key: it is meant then.
_LATER_ROOTS: Final = frozenset(
    {"visits", "earlier", "failure", "failures", "done", "item", "item_number", *NAMES_OF_TIME}
)
RESPONSE: Final = "response"

LITERALS: Final[Mapping[str, bool]] = {"yes": True, "no": False, "true": True, "false": False}
KEYWORDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "contains", "does", "contain", *LITERALS}
)
SUMMED, ANY, ALL, COUNT = "sum", "any", "all", "count"
OF_ROWS: Final = frozenset({SUMMED, ANY, ALL, COUNT})
OUTSIDE: Final[Json] = [2]  # the level of what surrounds a loop
# How many parts the name of an answer has, by its root; that of a column in rows has one more.
_PARTS: Final[Mapping[str, int]] = {"ticket": 2, "tasks": 3, "earlier": 2}
# Of a block with a branch for each entry: each row has the output of the tasks, too.
_ITEMS: Final = "items"
COMPARED: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
# What days are counted in, and the words for one and for several of them. Of working days they
# stand after “working”.
UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "days": ("day", "days"),
    "weeks": ("week", "weeks"),
    "months": ("month", "months"),
    "years": ("year", "years"),
}
WORKING: Final = "working"
UNIT_OF_WORD: Final[Mapping[str, str]] = {
    word: unit for unit, words in UNITS.items() for word in words
}
# Functions that count what lies between two dates, by name; and those that are operators.
COUNTING: Final[Mapping[str, str]] = {**{unit: unit for unit in UNITS}, WORKING_DAYS: WORKING_DAYS}
CALLED: Final[Mapping[str, tuple[int, int]]] = {"round": (1, 2), "min": (2, 20), "max": (2, 20)}


def words_of_unit(unit: str, *, is_one: bool) -> str:
    """`month` or `working days`, as conditions say it."""
    one, several = UNITS["days" if unit == WORKING_DAYS else unit]
    word = one if is_one else several
    return f"{WORKING} {word}" if unit == WORKING_DAYS else word


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
            if lowered in NAMES_OF_TIME and not dot:
                return lowered
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


def over_rows(function: str, rows: str, body: Json) -> Json:
    """The rule of a function of rows; `body` is None where it is about the rows as a whole."""
    given: Json = {"var": [rows, []]}
    if function == SUMMED:
        return {"+": [{"map": [given, body]}]}
    if function == COUNT:
        return {"length": [given if body is None else {"filter": [given, body]}]}
    return {"some" if function == ANY else "all": [given, body]}


def rows_in(rule: Json) -> tuple[str, str, Json] | None:
    """The function, the answer with the rows, and what is done with each, as `over_rows` makes it.

    What is done with each is None where the rows are counted; None altogether for another rule.
    """
    if not isinstance(rule, dict) or len(rule) != 1:
        return None
    ((operator, arguments),) = rule.items()
    function = {"some": ANY, "all": ALL}.get(operator, "")
    if operator in {"+", "length"} and isinstance(arguments, list) and len(arguments) == 1:
        function = SUMMED if operator == "+" else COUNT
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
