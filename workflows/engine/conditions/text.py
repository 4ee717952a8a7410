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

``today`` and ``now`` are given with the data. Days are added to a date, with a unit: ``today + 14
days``, ``from - 2 working days``, ``from + 1 month`` (also weeks and years). ``days(from, until)``
counts what lies between two dates, as ``working_days``, ``weeks``, ``months`` and ``years`` do;
``until - from <= 14 days`` compares how far apart they are. ``round(x, 2)``, ``min(a, b)`` and
``max(a, b)`` calculate.

What it is made of: words.py; reading: tokens.py, reading.py; writing: writing.py.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.data import compact

from .reading import read_text
from .words import MAX_CHARACTERS, RESPONSE, ROOTS, ConditionTextError, Names
from .writing import UnwritableError, write_text

_ALWAYS: Final = frozenset({"always", "otherwise", "else"})


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
    rule = read_text(text, Names(task_keys, fields))
    return None if is_empty(rule) else rule


def parse_expression(text: str, *, names: Names) -> Json:
    """The JsonLogic of a value: a name, a text in quotes, a number, or a calculation with them.

    JSON is accepted too, where the text begins with ``{`` or ``[``.

    Raises:
        ConditionTextError: the text cannot be read; it says where, and what was expected.
    """
    return read_text(text, names)


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
        text = write_text(rule, names)
        same = compact(read_text(text, names)) == compact(rule)
    except (UnwritableError, ConditionTextError):
        return None
    return text if same else None


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
