"""Cells whose value is of a type of question: an answer, or what is set beforehand."""

from __future__ import annotations

import re
from typing import Final

from workflows.engine.process import Json
from workflows.engine.rules.data import compact
from workflows.engine.values.number_text import (
    AmbiguousNumberError,
    NumberTextError,
    parse_number,
    write_number,
)
from workflows.fields.field import CellForm
from workflows.workbooks.cells.kind import Scope, from_json, is_kept
from workflows.workbooks.cells.lines import (
    UnreadableCellError,
    quoted,
    read_assignments,
    read_names,
    safe_json,
    unquoted,
    write_assignments,
    write_names,
)
from workflows.workbooks.cells.single import (
    MOMENTS,
    NUMBERS,
    cell_form,
    moment_text,
    number_written,
    read_yes,
    unreadable_number,
    write_yes,
)
from workflows.workbooks.formats.grid import CellValue, cleaned, text_of
from workflows.workbooks.formats.sheet import Written

_ANY: Final = "any"
_LEADING_ZERO: Final = re.compile(r"[+-]?0[0-9]+")


def read_typed(value: CellValue, field_type: str) -> Json:
    """A value of a field. What does not fit its type stays text: the check says what is wrong."""
    form = cell_form(field_type)
    if form in NUMBERS:
        return _typed_number(value, whole=form is CellForm.WHOLE_NUMBER)
    if form is CellForm.YES_NO:
        try:
            return read_yes(value, Scope())
        except UnreadableCellError:
            return text_of(value)
    if form is CellForm.NAMES:
        return read_names(text_of(value))
    if form is CellForm.JSON:
        return from_json(text_of(value))
    if form in MOMENTS:
        return moment_text(value, form)
    return text_of(value)


def _typed_number(value: CellValue, *, whole: bool) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return parse_number(text_of(value), whole=whole)
    except NumberTextError:
        return text_of(value)


def write_typed(value: Json, field_type: str) -> Written:
    form = cell_form(field_type)
    if isinstance(value, bool):
        return write_yes(value, Scope()) if form is CellForm.YES_NO else None
    if isinstance(value, int | float):
        return number_written(value, Scope()) if form in NUMBERS else None
    if isinstance(value, list) and form is CellForm.NAMES:
        return write_names(value)
    if isinstance(value, dict | list):
        return safe_json(value)
    return value


def read_presets(value: CellValue, scope: Scope) -> Json:
    text = text_of(value)
    if text.startswith("{"):
        return from_json(text)
    return read_assignments(text, lambda name, written: _preset(written, _type_of(name, scope)))


def _type_of(name: str, scope: Scope) -> str:
    return scope.ticket.get(name, _ANY if scope.untyped else "")


def _preset(written: str, field_type: str) -> Json:
    if field_type == _ANY:
        return _read_any(written)
    if cell_form(field_type) is CellForm.NAMES:
        return read_typed(written, field_type)
    return read_typed(unquoted(written), field_type)


def _read_any(written: str) -> Json:
    """A value without a type: a number, yes or no, JSON, or else a text."""
    text = unquoted(written)
    if text != written:
        return text
    if text.startswith(("{", "[")):
        return from_json(text)
    if text.lower() in {"yes", "no", "true", "false"}:
        return text.lower() in {"yes", "true"}
    if _LEADING_ZERO.fullmatch(text):
        return text  # a code of digits
    try:
        return parse_number(text)
    except AmbiguousNumberError as error:
        raise unreadable_number(error, text) from error
    except NumberTextError:
        return text


def _write_any(value: Json) -> Written:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe_json(value) if isinstance(value, dict | list) else value


def _is_read_as(text: str, field_type: str, value: Json) -> bool:
    try:
        return compact(_preset(text, field_type)) == compact(value)
    except UnreadableCellError:
        return False


def write_presets(value: Json, scope: Scope) -> Written:
    if not isinstance(value, dict):
        return None

    def write(name: str, preset: Json) -> str | None:
        field_type = _type_of(name, scope)
        found = _write_any(preset) if field_type == _ANY else write_typed(preset, field_type)
        if found is None:
            return None
        text = found if isinstance(found, str) else write_number(found)
        if cell_form(field_type) is CellForm.NAMES:
            return (
                ", ".join(quoted(str(each)) for each in read_names(text)) if "\n" in text else text
            )
        kept = text == cleaned(text) and "\n" not in text and is_kept(text)
        sure = kept and _is_read_as(text, field_type, preset)
        return text if sure or not isinstance(preset, str) else quoted(preset)

    return write_assignments(value, write)
