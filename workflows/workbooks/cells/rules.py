"""Cells with rules: conditions, formulas, checks, and limits that may be formulas."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.engine.conditions.text import (
    ConditionTextError,
    Names,
    parse_condition,
    parse_expression,
    write_condition,
    write_expression,
)
from workflows.engine.problems import short
from workflows.engine.process import Json
from workflows.engine.rules.reads import is_call
from workflows.workbooks.cells.kind import Scope, from_json
from workflows.workbooks.cells.lines import (
    UnreadableCellError,
    read_transform,
    safe_json,
    unquoted,
    write_transform,
)
from workflows.workbooks.cells.single import (
    MOMENTS,
    NO,
    NUMBERS,
    YES,
    as_text,
    cell_form,
    moment_text,
    number_written,
    read_number,
    read_yes,
    write_yes,
)
from workflows.workbooks.cells.typed import read_typed, write_typed
from workflows.workbooks.formats.grid import CellValue, cleaned, text_of
from workflows.workbooks.formats.sheet import Written

# What a formula begins with in a cell for a number or a time: a name or a bracket, or JSON.
_BEGINS_FORMULA: Final = re.compile(r"[^\W\d]|[({]")
_SAYS_RULE: Final = re.compile(r"[=<>≤≥≠({]|\w\s+\w")
_ONE_WORD: Final = re.compile(r"\w+")


def read_limit(value: CellValue, scope: Scope) -> Json:
    form = cell_form(scope.field_type)
    if (formula := _formula_in(value, scope)) is not None:
        return formula
    if form in MOMENTS:
        return moment_text(value, form)
    return read_number(value, scope)


def write_limit(value: Json, scope: Scope) -> Written:
    if isinstance(value, dict):
        return write_formula(value, scope)
    return as_text(value, scope) if isinstance(value, str) else number_written(value, scope)


def read_default(value: CellValue, scope: Scope) -> Json:
    formula = _formula_in(value, scope)
    return read_typed(value, scope.field_type) if formula is None else formula


def write_default(value: Json, scope: Scope) -> Written:
    if is_call(value) and cell_form(scope.field_type) in {*NUMBERS, *MOMENTS}:
        return write_formula(value, scope)
    return write_typed(value, scope.field_type)


def _formula_in(value: CellValue, scope: Scope) -> Json:
    """The formula in a cell for a number, a date or a time; None where it has no formula."""
    form = cell_form(scope.field_type)
    if not isinstance(value, str) or form not in {*NUMBERS, *MOMENTS}:
        return None
    if not _BEGINS_FORMULA.match(value):
        return None
    try:
        found = parse_expression(value, names=Names(fields=scope.form))
    except ConditionTextError as error:
        if _ONE_WORD.fullmatch(value.strip()):
            return None  # of it whoever reads values says more
        raise _unreadable_rule(error, value) from error
    return found if isinstance(found, dict) else None


def read_formula(value: CellValue, scope: Scope) -> Json:
    text = text_of(value)
    try:
        return parse_expression(text, names=Names(fields=scope.form))
    except ConditionTextError as error:
        raise _unreadable_rule(error, text) from error


def write_formula(value: Json, scope: Scope) -> Written:
    text = write_expression(value, names=Names(fields=scope.form))
    return safe_json(value) if text is None and isinstance(value, dict) else text


def read_yes_or_rule(value: CellValue, scope: Scope) -> Json:
    if isinstance(value, bool) or name_key(text_of(value)) in {*YES, *NO}:
        return read_yes(value, scope)
    if not _SAYS_RULE.search(text_of(value)):
        return read_yes(value, scope)  # which says what is wrong with it
    return read_shown_when(value, scope)


def write_yes_or_rule(value: Json, scope: Scope) -> Written:
    if isinstance(value, dict):
        return write_rule(value, Names(fields=scope.form))
    return write_yes(value, scope)


def read_checks(value: CellValue, scope: Scope) -> Json:
    """`condition | message`, a line each."""
    text = text_of(value)
    if text.startswith("["):
        return from_json(text)
    made: list[Json] = []
    for line in filter(None, map(cleaned, text.split("\n"))):
        condition, sign, message = line.rpartition("|")
        if not sign or not condition.strip() or not message.strip():
            raise UnreadableCellError(
                _("Write a check as “condition | what to do”, each on its own line."),
                found=short(line),
                expected=_("condition | what to do"),
            )
        rule = _condition(condition, Names(fields=scope.form))
        made.append({"condition": rule, "message": unquoted(cleaned(message))})
    return made


def write_checks(value: Json, scope: Scope) -> Written:
    lines: list[str] = []
    for each in value if isinstance(value, list) else []:
        rule = each.get("condition") if isinstance(each, dict) else None
        message = each.get("message") if isinstance(each, dict) else None
        text = write_condition(rule, fields=scope.form)
        if text is None or not isinstance(message, str):
            return safe_json(value) if isinstance(value, list) else None
        lines.append(f"{text} | {message}")
    return "\n".join(lines)


def transform_of_cell(value: CellValue, scope: Scope) -> Json:
    text = text_of(value)
    return from_json(text) if text.startswith("{") else read_transform(text, scope.names)


def transform_written(value: Json, scope: Scope) -> Written:
    return write_transform(value, scope.names) if isinstance(value, dict) else None


def read_condition(value: CellValue, scope: Scope) -> Json:
    return _condition(text_of(value), Names(scope.task_keys))


def read_shown_when(value: CellValue, scope: Scope) -> Json:
    return _condition(text_of(value), Names(fields=scope.form))


def _condition(text: str, names: Names) -> Json:
    try:
        return parse_condition(text, task_keys=names.task_keys, fields=names.fields)
    except ConditionTextError as error:
        raise _unreadable_rule(error, text) from error


def _unreadable_rule(error: ConditionTextError, text: str) -> UnreadableCellError:
    return UnreadableCellError(
        str(error), found=short(text, 200), expected=error.expected, nearest=error.nearest
    )


def read_list(value: CellValue, scope: Scope) -> Json:
    """Where a list stands, such as ticket.lines."""
    try:
        return parse_expression(text_of(value), names=Names(scope.task_keys))
    except ConditionTextError as error:
        raise UnreadableCellError(
            str(error), found=text_of(value), expected=error.expected, nearest=error.nearest
        ) from error


def write_rule(value: Json, names: Names) -> Written:
    text = write_condition(value, task_keys=names.task_keys, fields=names.fields)
    return safe_json(value) if text is None and isinstance(value, dict) else text
