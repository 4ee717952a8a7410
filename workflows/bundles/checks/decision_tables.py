"""Decision tables: what cannot work, what no row covers, and which rows are never come to."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.kinds import Fields, fields_by_name, kind_of, variable_name
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import tables
from workflows.engine.problems import Path, did_you_mean, nearest, quoted, short
from workflows.engine.process import Json
from workflows.engine.rules.compiling import check_condition
from workflows.engine.tables.decision_cells import CellType, UnfitValueError, Value, value_of
from workflows.engine.tables.decision_table import (
    DecisionTable,
    Hit,
    TableInput,
    inputs_in,
    read_table,
)
from workflows.engine.tables.table_coverage import Budget, Coverage, Domain, coverage_of
from workflows.fields.field import LIST, NUMBER, TEXT, YES_NO, Field

_KINDS = {
    CellType.TEXT: TEXT,
    CellType.DATE: TEXT,
    CellType.NUMBER: NUMBER,
    CellType.YES_NO: YES_NO,
}


def decision_table_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about decision tables but the names that their inputs read: see `rules.py`."""
    fields: Fields | None = None
    budget = Budget()
    for task in tables(outline):
        table = task.value.get("table")
        if not isinstance(table, dict) or not table:
            continue  # that it is missing is told elsewhere
        path: Path = (*task.path, "table")
        fields = fields_by_name(outline) if fields is None else fields
        found, problems = read_table(table)
        wrong_columns: set[int] = set()
        for index, column in enumerate(inputs_in(table)):
            for wrong in _wrong_type(index, column, path, fields):
                wrong_columns.add(index)
                yield wrong
        for each in problems:
            # Where the type is not what is read, it is one thing to mend, and not each cell.
            is_cell = each.path[0] == "rows" and each.path[2:3] == ("when",)
            if not (is_cell and len(each.path) > 3 and each.path[3] in wrong_columns):
                message, meant = each.message, each.nearest
                yield Problem((*path, *each.path), message, each.found, nearest=meant)
        if found is not None and not wrong_columns:
            yield from _Check(found, path, fields, budget).problems()


def _wrong_type(index: int, column: TableInput, path: Path, fields: Fields) -> Iterator[Problem]:
    if check_condition(column.value):
        return
    kind, path = kind_of(column.value, fields), (*path, "inputs", index, "type")
    if kind == LIST:
        message = _(
            "%(input)s reads a list, and a cell is compared with one value. Read something of it, "
            "such as count(…), sum(…) or any(…)."
        )
        yield Problem(path, message % {"input": quoted(column.title)}, column.type.value)
    elif kind and isinstance(column.value, dict) and kind != _KINDS[column.type]:
        message = _("%(input)s reads %(kind)s, but its cells are %(type)s. Change the type.")
        words = {"input": quoted(column.title), "kind": _(kind), "type": column.type.value}
        yield Problem(path, message % words, column.type.value)


class _Check:
    """One table that can be read."""

    def __init__(self, table: DecisionTable, path: Path, fields: Fields, budget: Budget) -> None:
        self.budget = budget
        self.table = table
        self.path = path
        self.fields = fields

    def problems(self) -> Iterator[Problem]:
        domains: dict[str, Domain] = {}
        for index, column in enumerate(self.table.inputs):
            field = self.fields.get(_name_read(column.value))
            yield from self._impossible_values(index, column, field)
            domains[column.name] = _domain(column, field)
        yield from self._judged(coverage_of(self.table, domains, self.budget))

    def _impossible_values(
        self, index: int, column: TableInput, field: Field | None
    ) -> Iterator[Problem]:
        """Texts in cells that are none of the choices of the question."""
        if field is None or not field.choices or column.type is not CellType.TEXT:
            return
        choices = [value for value, _label in field.choices]
        for number, row in enumerate(self.table.rows):
            for span in row.when[index].spans:
                if isinstance(span.low, str) and span.low not in choices:
                    meant = nearest(span.low, choices)
                    message = _("“%(value)s” is not among the choices of “%(field)s”.")
                    words = {"value": short(span.low), "field": short(field.label or field.name)}
                    yield Problem(
                        (*self.path, "rows", number, "when", index),
                        message % words + did_you_mean(meant),
                        span.low,
                        ", ".join(choices),
                        meant,
                        Severity.WARNING,
                    )

    def _judged(self, coverage: Coverage) -> Iterator[Problem]:
        rows = (*self.path, "rows")
        if coverage.is_left_out:
            message = _(
                "The decision tables are so large together that this one was not looked at for "
                "gaps and for rows that are never come to. Make them smaller, or try its cases."
            )
            yield Problem(rows, message, severity=Severity.WARNING)
            return
        if not coverage.is_complete:
            message = _("The table is too large to look for gaps in it. Make several of it.")
            yield Problem(rows, message, severity=Severity.WARNING)
            return
        if self.table.default is None and self.table.hit is Hit.FIRST:
            yield from (self._gap(each) for each in coverage.gaps)
            if coverage.has_more_gaps:
                message = _("There are more values that no row covers.")
                yield Problem(rows, message, severity=Severity.WARNING)
        for number in coverage.never_hit:
            message = _(
                "Row %(row)d is never hit: the rows before it cover all of it. Remove it, or move "
                "it up."
            )
            path = (*rows, number - 1)
            yield Problem(path, message % {"row": number}, severity=Severity.WARNING)
        for first, second, where in coverage.overlaps:
            message = _(
                "Rows %(first)d and %(second)d both fit where %(values)s, with different results. "
                "Row %(first)d counts, because it stands first. If that is not meant, make one of "
                "them narrower."
            )
            words = {"first": first, "second": second, "values": where}
            path = (*rows, second - 1)
            yield Problem(path, message % words, severity=Severity.WARNING)

    def _gap(self, where: str) -> Problem:
        message = _(
            "No row covers this: %(values)s. A ticket would stop there with an error. Add a row, "
            "or a default."
        )
        path = (*self.path, "rows")
        return Problem(path, message % {"values": where}, severity=Severity.WARNING)


def _name_read(rule: Json) -> str:
    """The answer that is read, also where no answer counts as something."""
    name = rule.get("var") if isinstance(rule, dict) and len(rule) == 1 else None
    if isinstance(name, list) and len(name) == 2 and isinstance(name[0], str):
        return name[0]
    return variable_name(rule)


def _domain(column: TableInput, field: Field | None) -> Domain:
    """What is known of the values that an input can have."""
    given = column.value.get("var") if isinstance(column.value, dict) else None
    fallbacks: list[Json] = given[1:2] if isinstance(given, list) else []
    may_be_empty = any(each is None or each == "" for each in fallbacks)
    if field is None:
        return Domain(may_be_empty=may_be_empty)
    values: tuple[Value, ...] | None = None
    if column.type is CellType.TEXT and field.choices and field.type.kind == TEXT:
        more = [each for each in fallbacks if isinstance(each, str) and each]
        values = tuple(dict.fromkeys([*(value for value, _label in field.choices), *more]))
    known = field.type.kind == NUMBER or field.type.key == "date"
    low = _limit(field.minimum, column.type) if known and not fallbacks else None
    high = _limit(field.maximum, column.type) if known and not fallbacks else None
    return Domain(values, low, high, field.type.key == "integer", may_be_empty)


def _limit(given: Json, of: CellType) -> Value | None:
    if not of.is_ordered:
        return None
    try:
        return value_of(given, of)
    except UnfitValueError:
        return None
