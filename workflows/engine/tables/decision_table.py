"""Decision tables: rows of conditions, each with what comes of it. Documents hold one as `table`:

    {
      "inputs": [{"name": "impact", "label": "Impact", "value": {"var": "ticket.impact"},
                  "type": "text"}],
      "outputs": [{"name": "severity", "label": "Severity", "type": "text"}],
      "rows": [{"when": ["high"], "then": ["S1"], "note": "Everybody is stopped"}],
      "hit": "first",
      "default": {"severity": "S4"}
    }

`when` has a cell for each input (decision_cells.py), `then` a value for each output. With `first`
the first row counts whose cells all fit; with `collect` each of them does, and every output is a
list. Where no row fits, `default` counts; without one, `first` is an error, and `collect` gives
empty lists.

The result is an object of the outputs. With `first` it has `row` as well, the number of the row
that was hit (0: the default); with `collect` it has `rows`, their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflows.engine.errors import ConditionError, EngineError
from workflows.engine.problems import Path, Problem, did_you_mean, nearest, quoted, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.compiling import check_condition
from workflows.engine.rules.data import PreparedData, compact, prepare
from workflows.engine.rules.evaluate import evaluate_template
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop
from workflows.engine.values.kept_by_size import KeptBySize

from .decision_cells import (
    CELL_TYPES,
    Cell,
    CellError,
    CellType,
    UnfitValueError,
    Value,
    canonical_cell,
    canonical_value,
    json_of,
    read_cell,
    read_value,
    value_of,
)

MAX_ROWS: Final = 500
MAX_COLUMNS: Final = 30
ROW: Final = "row"
ROWS: Final = "rows"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MOST_KEPT: Final = 16 * 1024 * 1024
_BYTES_A_CHARACTER: Final = 30


class Hit(StrEnum):
    """Which of the rows that fit count. Documents name it so."""

    FIRST = "first"
    COLLECT = "collect"

    @classmethod
    def named(cls, name: object) -> Hit:
        return cls.COLLECT if name == cls.COLLECT.value else cls.FIRST


class TableError(EngineError):
    """A decision table cannot be carried out: it is not valid, or no row fits."""

    message = gettext_noop("The decision table is not valid. Correct it in the definition.")


@dataclass(frozen=True, slots=True)
class TableInput:
    """What is read, and what its cells are. `value` is a JsonLogic rule."""

    name: str
    label: str
    value: Json
    type: CellType

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class TableOutput:
    name: str
    label: str
    type: CellType

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class TableRow:
    """`when` has a cell for each input, `then` a value for each output."""

    when: tuple[Cell, ...]
    then: tuple[Json, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a table. `rows` are the numbers of the rows that were hit, from 1.

    `read` is what the inputs were, by their titles; `note` is that of the one row.
    """

    output: JsonObject
    rows: tuple[int, ...]
    note: str
    read: JsonObject


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A table that was checked. `default` has a value for each output; None: there is none."""

    inputs: tuple[TableInput, ...]
    outputs: tuple[TableOutput, ...]
    rows: tuple[TableRow, ...]
    hit: Hit = Hit.FIRST
    default: tuple[Json, ...] | None = None

    def decide(self, context: JsonObject | PreparedData) -> Decided:
        """What the table says about these data.

        Raises:
            TableError: an input cannot be read, is of another type, or no row fits.
        """
        data = context if isinstance(context, PreparedData) else prepare(context)
        values = tuple(self._read(each, data) for each in self.inputs)
        read: JsonObject = {
            each.title: json_of(value) for each, value in zip(self.inputs, values, strict=True)
        }
        found = self._hits(values)
        if self.hit is Hit.COLLECT:
            return self._collected(tuple(found), read)
        first = next(found, None)
        if first is not None:
            row = self.rows[first - 1]
            return Decided(self._output(row.then, first), (first,), row.note, read)
        if self.default is None:
            message = _(
                "No row of the decision table fits (%(values)s), and it has no default. Correct "
                "the data, or add a row or a default to the table."
            )
            raise TableError(message % {"values": _in_words(read)})
        return Decided(self._output(self.default, 0), (), "", read)

    def _read(self, column: TableInput, data: PreparedData) -> Value | None:
        words = {"input": quoted(column.title)}
        try:
            return value_of(evaluate_template(column.value, data), column.type)
        except UnfitValueError as error:
            message = _("The decision table cannot use %(input)s: %(reason)s")
            raise TableError(message % {**words, "reason": error}) from error
        except ConditionError as error:
            message = _("The decision table cannot read %(input)s. %(reason)s")
            raise TableError(message % {**words, "reason": error}) from error

    def _hits(self, values: tuple[Value | None, ...]) -> Iterator[int]:
        for number, row in enumerate(self.rows, start=1):
            if all(cell.matches(value) for cell, value in zip(row.when, values, strict=True)):
                yield number

    def _output(self, then: tuple[Json, ...], row: int) -> JsonObject:
        made: JsonObject = {
            each.name: value for each, value in zip(self.outputs, then, strict=True)
        }
        return {**made, ROW: row}

    def _collected(self, found: tuple[int, ...], read: JsonObject) -> Decided:
        thens = [self.rows[number - 1].then for number in found]
        if not found and self.default is not None:
            thens = [self.default]
        made: JsonObject = {
            each.name: [then[index] for then in thens] for index, each in enumerate(self.outputs)
        }
        note = self.rows[found[0] - 1].note if len(found) == 1 else ""
        return Decided({**made, ROWS: list[Json](found)}, found, note, read)


def _in_words(read: JsonObject) -> str:
    shown = (f"{name}: {_shown(value)}" for name, value in read.items())
    return short(", ".join(shown), 300)


def _shown(value: Json) -> str:
    if value is None:
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else compact(value)


# Reading


_tables: Final = KeptBySize[str, DecisionTable](_MOST_KEPT)


def table_of(document: Json) -> DecisionTable:
    """The table of a definition; read once for equal ones.

    Raises:
        TableError: it is not valid; it says what is wrong first.
    """
    text = compact(document)

    def make() -> tuple[DecisionTable, int]:
        table, problems = read_table(document)
        if table is None:
            first = problems[0].message if problems else ""
            raise TableError(f"{_(TableError.message)} {first}".strip())
        return table, _BYTES_A_CHARACTER * len(text) + 2_000

    return _tables.get_or_make(text, make)


def read_table(document: Json) -> tuple[DecisionTable | None, list[Problem]]:
    """The table in a document, with everything that is wrong with it; None: it cannot be used.

    Survives any value. What the schema of bundles says of its form is not said again.
    """
    reader = _Reader(document if isinstance(document, dict) else {})
    table = reader.table()
    return (None if reader.problems else table), reader.problems


def inputs_in(document: Json) -> tuple[TableInput, ...]:
    """The inputs of a table, whatever else is wrong with it."""
    return _Reader(document if isinstance(document, dict) else {}).table().inputs


class _Reader:
    def __init__(self, document: JsonObject) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.hit = Hit.named(document.get("hit"))

    def table(self) -> DecisionTable:
        inputs = tuple(self._input(index, each) for index, each in self._columns("inputs"))
        outputs = tuple(self._output(index, each) for index, each in self._columns("outputs"))
        self._names("inputs", [each.name for each in inputs])
        self._names("outputs", [each.name for each in outputs])
        rows = tuple(
            self._row(index, each, inputs, outputs)
            for index, each in enumerate(_list(self.document.get("rows"))[:MAX_ROWS])
        )
        if not rows:
            self._report(("rows",), _("A decision table needs rows. Add at least one."))
        return DecisionTable(inputs, outputs, rows, self.hit, self._default(outputs))

    def _report(self, path: Path, message: str, found: object = None, meant: str = "") -> None:
        self.problems.append(Problem(path, message + did_you_mean(meant), found, meant))

    def _columns(self, name: str) -> Iterator[tuple[int, JsonObject]]:
        found = _list(self.document.get(name))
        if not found:
            message = {
                "inputs": _("A decision table needs inputs: what its rows ask for. Add one."),
                "outputs": _("A decision table needs outputs: what comes of its rows. Add one."),
            }[name]
            self._report((name,), message)
        for index, each in enumerate(found[:MAX_COLUMNS]):
            yield index, each if isinstance(each, dict) else {}

    def _input(self, index: int, column: JsonObject) -> TableInput:
        path: Path = ("inputs", index, "value")
        rule = column.get("value")
        if rule is None or rule == "" or rule == {}:
            message = _("Say what is read, such as ticket.amount.")
            self._report(path, message)
        elif not isinstance(rule, dict):
            message = _("An input reads something: %(value)s is always the same.")
            self._report(path, message % {"value": short(compact(rule))}, rule)
        else:
            for sentence in check_condition(rule):
                self._report(path, sentence, rule)
        return TableInput(_text(column, "name"), _text(column, "label"), rule, _type(column))

    def _output(self, index: int, column: JsonObject) -> TableOutput:
        name = _text(column, "name")
        reserved = ROWS if self.hit is Hit.COLLECT else ROW
        if name == reserved:
            message = _("“%(name)s” is the number of the row that was hit. Choose another name.")
            self._report(("outputs", index, "name"), message % {"name": name}, name)
        return TableOutput(name, _text(column, "label"), _type(column))

    def _names(self, part: str, names: list[str]) -> None:
        for index, name in enumerate(names):
            path: Path = (part, index, "name")
            if not _NAME.fullmatch(name):
                message = _(
                    "Use lower-case letters, digits and underscores, beginning with a letter (at "
                    "most 63 characters)."
                )
                self._report(path, message, name)
            elif name in names[:index]:
                message = _("“%(name)s” is used twice. Give each its own name.")
                self._report(path, message % {"name": name}, name)

    def _row(
        self,
        index: int,
        row: Json,
        inputs: tuple[TableInput, ...],
        outputs: tuple[TableOutput, ...],
    ) -> TableRow:
        path: Path = ("rows", index)
        found = row if isinstance(row, dict) else {}
        when = self._cells(found.get("when"), len(inputs), (*path, "when"))
        then = self._cells(found.get("then"), len(outputs), (*path, "then"))
        return TableRow(
            tuple(
                self._cell(cell, column.type, (*path, "when", at))
                for at, (cell, column) in enumerate(zip(when, inputs, strict=True))
            ),
            tuple(
                self._value(value, column.type, (*path, "then", at))
                for at, (value, column) in enumerate(zip(then, outputs, strict=True))
            ),
            _text(found, "note"),
        )

    def _cells(self, given: Json, count: int, path: Path) -> list[Json]:
        """As many as there are columns; missing ones are empty."""
        cells = _list(given)
        if len(cells) > count:
            message = _("This row has %(given)d cells here, and there are %(count)d columns.")
            self._report(path, message % {"given": len(cells), "count": count}, given)
        return [*cells[:count], *([None] * (count - len(cells)))]

    def _cell(self, given: Json, of: CellType, path: Path) -> Cell:
        try:
            return read_cell(given, of)
        except CellError as error:
            self._report(path, str(error), given)
            return Cell()

    def _value(self, given: Json, of: CellType, path: Path) -> Json:
        try:
            return read_value(given, of)
        except CellError as error:
            self._report(path, str(error), given)
            return None

    def _default(self, outputs: tuple[TableOutput, ...]) -> tuple[Json, ...] | None:
        given = self.document.get("default")
        if not isinstance(given, dict) or not given:
            return None
        names = [each.name for each in outputs]
        for name in given:
            if name not in names:
                message = _("The table has no output “%(name)s”.") % {"name": short(name)}
                self._report(("default", name), message, given[name], nearest(name, names))
        return tuple(
            self._value(given.get(each.name), each.type, ("default", each.name)) for each in outputs
        )


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: JsonObject, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _type(column: Mapping[str, Json]) -> CellType:
    return CELL_TYPES.get(str(column.get("type") or ""), CellType.TEXT)


# The one form that documents are kept in


def canonical_table(document: Json) -> Json:
    """A table in its one spelling; None where there is none. Survives any value."""
    if not isinstance(document, dict) or not document:
        return None
    inputs, outputs = objects_in(document.get("inputs")), objects_in(document.get("outputs"))
    in_types, out_types = [_type(each) for each in inputs], [_type(each) for each in outputs]
    made: JsonObject = {
        "inputs": [
            _column(each, ("name", "label", "value", "type"), of)
            for each, of in zip(inputs, in_types, strict=True)
        ],
        "outputs": [
            _column(each, ("name", "label", "type"), of)
            for each, of in zip(outputs, out_types, strict=True)
        ],
        "rows": [_row(each, in_types, out_types) for each in objects_in(document.get("rows"))],
    }
    if document.get("hit") not in (None, Hit.FIRST.value):
        made["hit"] = document["hit"]
    default = document.get("default")
    if isinstance(default, dict) and default:
        types = {_text(each, "name"): of for each, of in zip(outputs, out_types, strict=True)}
        known = [name for name in types if name in default]
        made["default"] = {
            name: canonical_value(default[name], types.get(name, CellType.TEXT))
            for name in [*known, *sorted(default.keys() - types)]
        }
    return made


def _column(column: JsonObject, names: tuple[str, ...], of: CellType) -> JsonObject:
    made: JsonObject = {}
    for name in names:
        value: Json = of.value if name == "type" else column.get(name)
        if value not in (None, "") and (name, value) != ("type", CellType.TEXT.value):
            made[name] = value
    return made


def _row(row: JsonObject, in_types: list[CellType], out_types: list[CellType]) -> JsonObject:
    made: JsonObject = {
        "when": _cells(row.get("when"), in_types, canonical_cell),
        "then": _cells(row.get("then"), out_types, canonical_value),
    }
    if note := _text(row, "note").strip():
        made["note"] = note
    return made


def _cells(given: Json, types: list[CellType], make: Callable[[Json, CellType], Json]) -> Json:
    cells = _list(given)
    several = [*cells, *([None] * (len(types) - len(cells)))]
    kinds = [*types, *([CellType.TEXT] * (len(several) - len(types)))]
    return [make(each, of) for each, of in zip(several, kinds, strict=True)]
