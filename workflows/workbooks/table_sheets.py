"""Decision tables as sheets of their own: a sheet each, which reads as the table does.

    Decision table | severity |                |          |
    Counts         | first    |                |          |
    Column         | input    | input          | output   | note
    Name           | impact   | amount         | severity |
    Label          | Impact   | Amount         | Severity |
    Reads          | ticket.impact | ticket.amount |       |
    Type           | text     | number         | text     |
    1              | high     | > 5000         | S1       | Everybody is stopped
    2              | high     |                | S2       |
    Default        |          |                | S4       |

The first column says what a row is; whatever else stands there is a row of the table. Columns may
be moved, and a row that is not needed may be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Severity
from workflows.bundles.document.synonyms import field_type_of
from workflows.engine.conditions.text import (
    ConditionTextError,
    Names,
    parse_expression,
    write_expression,
)
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.tables.decision_cells import CELL_TYPES, CellType
from workflows.engine.tables.decision_table import Hit
from workflows.engine.values.number_text import NumberTextError, parse_number
from workflows.workbooks.cells.lines import safe_json
from workflows.workbooks.cells.single import key_of
from workflows.workbooks.findings import Findings
from workflows.workbooks.formats.grid import Cell, Grid, column_letters, text_of
from workflows.workbooks.formats.seen import Want, as_seen
from workflows.workbooks.formats.sheet import Page, PageColumn, Written
from workflows.workbooks.reading import Place
from workflows.workbooks.sheets.sheet import plain
from workflows.workbooks.unseen import report_unseen

TABLE: Final = "Decision table"
_PREFIX: Final = "Table "
_LONGEST_NAME: Final = 31  # of a sheet
_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "table": ("decision table", "table", "task"),
    "hit": ("counts", "hit", "hit policy", "which rows count"),
    "kind": ("column", "kind", "columns"),
    "name": ("name", "key"),
    "label": ("label", "heading", "title"),
    "value": ("reads", "value", "formula", "expression"),
    "type": ("type",),
    "default": ("default", "otherwise", "else"),
}
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("input", "condition", "when", "if", "inputs"),
    "output": ("output", "result", "then", "outputs"),
    "note": ("note", "comment", "annotation", "why"),
}
_ROW_OF: Final = {plain(word): name for name, words in _ROWS.items() for word in words}
_KIND_OF: Final = {plain(word): name for name, words in _KINDS.items() for word in words}
_WANTS: Final = {
    CellType.NUMBER: Want.NUMBER,
    CellType.DATE: Want.MOMENT,
    CellType.YES_NO: Want.TRUTH,
    CellType.TEXT: Want.TEXT,
}


# Writing


def table_pages(tasks: Iterable[JsonObject], task_keys: Iterable[str]) -> list[Page]:
    """A page for each decision table of these tasks, which are canonical."""
    names = Names(list(task_keys))
    pages: list[Page] = []
    for task in tasks:
        table = task.get("table")
        if isinstance(table, dict):
            taken = {page.name.lower() for page in pages}
            pages.append(_page(str(task.get("key", "")), table, names, taken))
    return pages


def _page(key: str, table: JsonObject, names: Names, taken: set[str]) -> Page:
    inputs, outputs = objects_in(table.get("inputs")), objects_in(table.get("outputs"))
    columns = [*inputs, *outputs]
    kinds: list[Written] = [*["input"] * len(inputs), *["output"] * len(outputs), "note"]
    default = table.get("default")
    lines: list[list[Written]] = [
        ["Counts", str(table.get("hit") or Hit.FIRST.value)],
        ["Column", *kinds],
        ["Name", *(_text(each.get("name")) for each in columns)],
        ["Label", *(_text(each.get("label")) for each in columns)],
        ["Reads", *(_formula(each.get("value"), names) for each in inputs)],
        ["Type", *(_text(each.get("type")) or CellType.TEXT.value for each in columns)],
    ]
    for number, row in enumerate(objects_in(table.get("rows")), start=1):
        when, then = _list(row.get("when")), _list(row.get("then"))
        lines.append(
            [
                number,
                *(_cell(each) for each in when),
                *(_cell(each) for each in then),
                _text(row.get("note")),
            ]
        )
    if isinstance(default, dict):
        values = [_cell(default.get(str(each.get("name")))) for each in outputs]
        lines.append(["Default", *([None] * len(inputs)), *values])
    width = max(map(len, lines))
    made = [[*line, *([None] * (width - len(line)))] for line in lines]
    headings = [
        PageColumn(TABLE, 16, _note()),
        PageColumn(key, 22, _("The key of the task that this table belongs to.")),
        *(PageColumn("", 22) for _each in range(width - 2)),
    ]
    return Page(_sheet_name(key, taken), headings[:width], made, labels=True)


def _note() -> str:
    return _(
        "Row by row: a cell is a value, or > 5, 5..10, a, b, or not x. Empty: any value. Dates "
        "like 2026-01-31. The first row that fits counts; with collect, each of them."
    )


def _sheet_name(key: str, taken: set[str]) -> str:
    name = f"{_PREFIX}{key}"[:_LONGEST_NAME]
    number = 2
    while name.lower() in taken:
        name = f"{_PREFIX}{key}"[: _LONGEST_NAME - 4] + f" {number}"
        number += 1
    return name


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _formula(value: Json, names: Names) -> Written:
    if value is None:
        return None
    return write_expression(value, names=names) or safe_json(value)


def _cell(value: Json) -> Written:
    """A number as one, so that spreadsheets take it for one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        try:
            number = parse_number(value)
        except NumberTextError:
            return value or None
        return number if str(number) == value and len(value) < 15 else value
    return value if isinstance(value, int | float) else None


# Reading


def is_table_sheet(grid: Grid) -> bool:
    """Whether a sheet is a decision table: its first cell says so, or its name does."""
    first = _first_cell(grid)
    if first is not None and plain(first.text) == plain(TABLE):
        return True
    return grid.name.lower().startswith((_PREFIX.lower(), f"{TABLE} ".lower()))


def _first_cell(grid: Grid) -> Cell | None:
    for number in sorted(grid.rows):
        cells = grid.rows[number]
        return cells.get(1)
    return None


@dataclass(slots=True)
class _Column:
    """A column of the sheet: `part` is inputs or outputs, `index` its number there."""

    at: int
    part: str
    index: int
    made: JsonObject = field(default_factory=dict)

    @property
    def type(self) -> CellType:
        return CELL_TYPES.get(str(self.made.get("type") or ""), CellType.TEXT)

    @property
    def heading(self) -> str:
        return str(self.made.get("label") or self.made.get("name") or "")


def read_table_sheet(
    grid: Grid, findings: Findings, *, places: Mapping[str, Path], task_keys: Iterable[str]
) -> tuple[str, JsonObject]:
    """The key of the task, and its table; `places` has the path of each task by its key."""
    return _Reader(grid, findings, places, Names(list(task_keys))).read()


class _Reader:
    def __init__(
        self, grid: Grid, findings: Findings, places: Mapping[str, Path], names: Names
    ) -> None:
        self.grid = grid
        self.findings = findings
        self.names = names
        self.lines: dict[str, int] = {}
        self.rows: list[int] = []
        for number in sorted(grid.rows):
            first = grid.rows[number].get(1)
            name = _ROW_OF.get(plain(first.text)) if first is not None else None
            if name is None:
                self.rows.append(number)
            else:
                self.lines.setdefault(name, number)
        self.key = self._key()
        self.path: Path = (*places.get(self.key, ("tasks",)), "table")
        if self.key in places:
            findings.places[self.path] = Place(grid.name)
        else:
            self._unknown_key(places)

    def read(self) -> tuple[str, JsonObject]:
        columns, note = self._columns()
        known = {each.at: each.heading for each in columns}
        report_unseen(self.grid, {1: TABLE, **known}, self.findings)
        made: JsonObject = {
            "inputs": [each.made for each in columns if each.part == "inputs"],
            "outputs": [each.made for each in columns if each.part == "outputs"],
        }
        rows: list[Json] = []
        for number in self.rows:
            if any(at in self.grid.rows[number] for at in [*known, *([note] if note else [])]):
                rows.append(self._row(number, columns, note, len(rows)))
        made["rows"] = rows
        if (hit := self._cell("hit", 2)) is not None:
            self._place("hit", 2, (*self.path, "hit"))
            made["hit"] = hit.text.strip().lower()
        if (line := self.lines.get("default")) is not None:
            made["default"] = {
                str(each.made.get("name") or ""): value
                for each in columns
                if each.part == "outputs"
                and (value := self._value(line, each, self._default_path(each))) is not None
            }
        return self.key, made

    def _default_path(self, column: _Column) -> Path:
        return (*self.path, "default", str(column.made.get("name") or ""))

    def _cell(self, line: str, at: int) -> Cell | None:
        row = self.lines.get(line)
        return None if row is None else self.grid.rows[row].get(at)

    def _place(self, line: str, at: int, path: Path) -> None:
        place = Place(self.grid.name, self.lines[line], column_letters(at), line.capitalize())
        self.findings.places[path] = place

    def _key(self) -> str:
        cell = self._cell("table", 2)
        if cell is not None:
            return key_of(cell.text)
        return key_of(self.grid.name.split(" ")[-1])

    def _unknown_key(self, places: Mapping[str, Path]) -> None:
        line = self.lines.get("table", 1)
        place = Place(self.grid.name, line, "B", TABLE)
        meant = nearest(self.key, places)
        message = _("There is no task “%(key)s” on the sheet Tasks.") % {"key": short(self.key)}
        self.findings.report(
            self.findings.cell_path(place),
            message + (did_you_mean(meant) or " " + _("Write the key of a task there.")),
            found=self.key,
            expected=", ".join(list(places)[:50]),
            nearest=meant,
        )

    def _columns(self) -> tuple[list[_Column], int]:
        """What each column is; the number of the one with notes, or 0."""
        row, note = self.lines.get("kind"), 0
        found: list[_Column] = []
        if row is None:
            message = _(
                "This sheet has no row “Column”, which says of each column whether it is an input, "
                "an output or a note. Add it."
            )
            self.findings.report(self.findings.cell_path(Place(self.grid.name, 1)), message)
            return [], 0
        counts = {"inputs": 0, "outputs": 0}
        for at, cell in sorted(self.grid.rows[row].items()):
            if at == 1:
                continue
            kind = _KIND_OF.get(plain(cell.text))
            if kind is None:
                self._unknown_kind(row, at, cell)
            elif kind == "note":
                note = at
            else:
                part = f"{kind}s"
                column = _Column(at, part, counts[part])
                counts[part] += 1
                self._describe(column)
                found.append(column)
        return found, note

    def _unknown_kind(self, row: int, at: int, cell: Cell) -> None:
        meant = nearest(plain(cell.text), list(_KINDS))
        place = Place(self.grid.name, row, column_letters(at), "Column")
        message = _("Write input, output or note here.") + did_you_mean(meant)
        path = self.findings.cell_path(place)
        self.findings.report(
            path, message, found=short(cell.text), expected="input, output, note", nearest=meant
        )

    def _describe(self, column: _Column) -> None:
        path: Path = (*self.path, column.part, column.index)
        place = Place(self.grid.name, 0, column_letters(column.at))
        self.findings.places[path] = Place(self.grid.name, self.lines["kind"], place.column)
        for line in ("name", "label", "value", "type"):
            if line not in self.lines or (line == "value" and column.part == "outputs"):
                continue
            self._place(line, column.at, (*path, line))
            cell = self._cell(line, column.at)
            if cell is not None and cell.text.strip():
                column.made[line] = self._described(line, cell, (*path, line))

    def _described(self, line: str, cell: Cell, path: Path) -> Json:
        text = cell.text.strip()
        if line == "name":
            return key_of(text)
        if line == "type":
            known = CELL_TYPES.get(field_type_of(text))
            return text if known is None else known.value
        if line == "label":
            return text
        try:
            return parse_expression(text, names=self.names)
        except ConditionTextError as error:
            self.findings.report(
                path,
                str(error),
                found=short(text, 200),
                expected=error.expected,
                nearest=error.nearest,
            )
            return {"unreadable": text}

    def _row(self, number: int, columns: list[_Column], note: int, index: int) -> JsonObject:
        path: Path = (*self.path, "rows", index)
        self.findings.places[path] = Place(self.grid.name, number)
        made: JsonObject = {
            part: [
                self._value(number, each, (*path, part, each.index))
                for each in columns
                if each.part == of
            ]
            for part, of in (("when", "inputs"), ("then", "outputs"))
        }
        cell = self.grid.rows[number].get(note) if note else None
        if cell is not None and cell.text.strip():
            made["note"] = cell.text.strip()
        return made

    def _value(self, number: int, column: _Column, path: Path) -> Json:
        letters = column_letters(column.at)
        self.findings.places[path] = Place(self.grid.name, number, letters, column.heading)
        cell = self.grid.rows[number].get(column.at)
        if cell is None:
            return None
        seen = as_seen(cell, _WANTS[column.type], self.grid.day_zero)
        if seen.error:
            self.findings.report(path, seen.error, found=short(cell.text, 200))
            return cell.text
        if seen.note:
            found = short(cell.text, 200)
            self.findings.report(path, seen.note, found=found, severity=Severity.WARNING)
        value = seen.value
        if isinstance(value, datetime):
            value = value.date()
        if isinstance(value, date):
            return value.isoformat()
        return value if isinstance(value, bool | int | float) else text_of(value).strip()


def split_grids(grids: Iterable[Grid]) -> tuple[list[Grid], list[Grid]]:
    """The sheets that are decision tables, and the others."""
    found: list[Grid] = []
    others: list[Grid] = []
    for grid in grids:
        (found if is_table_sheet(grid) else others).append(grid)
    return found, others


def tables_of(
    grids: Iterable[Grid], findings: Findings, *, places: Mapping[str, Path], keys: Iterable[str]
) -> Iterator[tuple[str, JsonObject]]:
    """The tables of these sheets by the keys of their tasks; of two for one task, the first."""
    seen: set[str] = set()
    task_keys = list(keys)
    for grid in grids:
        key, table = read_table_sheet(grid, findings, places=places, task_keys=task_keys)
        if key in seen:
            message = _("There are two decision tables for “%(key)s”. Remove one of the sheets.")
            findings.report(findings.cell_path(Place(grid.name)), message % {"key": key}, found=key)
        else:
            seen.add(key)
            yield key, table
