"""Answers as the cells of a table: values that a spreadsheet can sort and add up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final

from workflows.engine.field_types import Field, FieldType
from workflows.engine.process import Json
from workflows.forms.display import answer_text, value_text

_T = FieldType

type CellValue = str | int | float | date | time | None


def answer_cell(spec: Field | None, value: Json) -> CellValue:
    """One answer; None where there is none.

    Choices go by the words that people see, files by their names, and of a table of records its
    number of rows is told: they have a table of their own. What does not fit its field, or has
    none, is text.
    """
    if value is None:
        return None
    if spec is None:
        return value_text(value)
    read = _READERS.get(spec.type)
    found = None if read is None else read(value)
    return answer_text(spec, value) if found is None else found


def _number(value: Json) -> CellValue:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Json) -> CellValue:
    return value if isinstance(value, bool) else None


def _moment[Moment](read: Callable[[str], Moment]) -> Callable[[Json], Moment | None]:
    def moment(value: Json) -> Moment | None:
        try:
            return read(value.upper()) if isinstance(value, str) else None
        except ValueError:
            return None

    return moment


def _rows(value: Json) -> CellValue:
    return len(value) if isinstance(value, list) else None


_READERS: Final[Mapping[FieldType, Callable[[Json], CellValue]]] = {
    _T.INTEGER: _number,
    _T.NUMBER: _number,
    _T.BOOLEAN: _boolean,
    _T.DATE: _moment(date.fromisoformat),
    _T.TIME: _moment(time.fromisoformat),
    _T.DATETIME: _moment(datetime.fromisoformat),
    _T.RECORDS: _rows,
}
