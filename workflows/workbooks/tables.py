"""Finding the sheets, their headings and their rows, however a person arranged them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Severity
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.workbooks.cells.kind import Scope, read_cell
from workflows.workbooks.cells.lines import UnreadableCellError
from workflows.workbooks.findings import Findings
from workflows.workbooks.formats.grid import MAX_ROWS, Cell, Grid, column_letters
from workflows.workbooks.formats.seen import as_seen
from workflows.workbooks.reading import Place
from workflows.workbooks.sheets.all_sheets import NOT_READ, SHEETS
from workflows.workbooks.sheets.sheet import Column, Sheet, headings, names_of_sheet, plain
from workflows.workbooks.unseen import report_unseen

# A heading is looked for in so many rows: people put a title above it.
_ROWS_ABOVE = 12


@dataclass(frozen=True)
class Row:
    """One row with content, by the names of its columns."""

    table: Table
    number: int
    cells: Mapping[str, Cell]

    def place(self, column: Column | None = None) -> Place:
        if column is None or column.name not in self.table.columns:
            return Place(self.table.grid.name, self.number)
        letters = column_letters(self.table.columns[column.name])
        return Place(self.table.grid.name, self.number, letters, column.heading)

    def value(self, column: Column, path: Path, scope: Scope) -> Json:
        """The value under a column, which has this path in the document; None for a blank."""
        if column.name in self.table.columns:
            self.table.findings.places[path] = self.place(column)
        cell = self.cells.get(column.name)
        return None if cell is None else self.table.value(column, cell, path, scope)

    def text(self, name: str) -> str:
        cell = self.cells.get(name)
        return cell.text if cell is not None and not cell.error else ""


@dataclass
class Table:
    """A sheet that was found. `columns` has the number of each column by its name."""

    sheet: Sheet
    grid: Grid
    findings: Findings
    columns: dict[str, int] = field(default_factory=dict)
    heading_row: int = 0

    def rows(self) -> Iterator[Row]:
        """The rows below the headings that have something in a known column."""
        for number in sorted(self.grid.rows):
            cells = self.grid.rows[number]
            if number > self.heading_row:
                known = {name: cells[at] for name, at in self.columns.items() if at in cells}
                if known:
                    yield Row(self, number, known)

    def entry(self, row: Row, path: Path, scope: Scope, *, skip: str = "") -> dict[str, Json]:
        """A row as an entry of the document at this path."""
        self.findings.places[path] = row.place()
        made: dict[str, Json] = {}
        for column in self.sheet.columns:
            if column.name == skip:
                continue
            value = row.value(column, (*path, column.name), scope)
            if value is not None:
                made[column.name] = value
        return made

    def value(self, column: Column, cell: Cell, path: Path, scope: Scope) -> Json:
        """The value of a cell; one that cannot be read is reported, and no check lets it pass."""
        report, text = self.findings.report, cell.text
        seen = as_seen(cell, column.kind.wants(scope), self.grid.day_zero)
        if seen.error:
            report(path, seen.error, found=short(text, 200))
            return column.kind.refused(text)
        if seen.note:
            report(path, seen.note, found=short(text, 200), severity=Severity.WARNING)
        try:
            return read_cell(column.kind, seen.value, scope)
        except UnreadableCellError as error:
            report(
                path,
                str(error),
                found=error.found or short(text, 200),
                expected=error.expected,
                nearest=error.nearest,
            )
            return column.kind.refused(text)

    def find_columns(self) -> None:
        """Find the row of headings, and say which of them nobody knows."""
        known = headings(self.sheet)
        for number in sorted(self.grid.rows)[:_ROWS_ABOVE]:
            cells = self.grid.rows[number]
            names = {at: plain(cell.text) for at, cell in cells.items()}
            if sum(each in known for each in names.values()) >= min(2, len(self.sheet.columns)):
                self.heading_row = number
                self._take_columns(names, cells, known)
                self._report_unseen()
                return
        if self.grid.rows:
            self.findings.report(
                self.findings.cell_path(Place(self.grid.name, 1)),
                _("This sheet has no row of headings. Add one with: %(headings)s.")
                % {"headings": ", ".join(each.heading for each in self.sheet.columns)},
                expected=", ".join(each.heading for each in self.sheet.columns),
            )

    def _report_unseen(self) -> None:
        of_name = {each.name: each.heading for each in self.sheet.columns}
        columns = {at: of_name[name] for name, at in self.columns.items()}
        report_unseen(self.grid, columns, self.findings, heading_row=self.heading_row)

    def _take_columns(
        self, names: Mapping[int, str], cells: Mapping[int, Cell], known: Mapping[str, Column]
    ) -> None:
        unknown: list[int] = []
        exact = {plain(each.heading): each for each in self.sheet.columns}
        # The headings as we write them go before other words for the same.
        for table in (exact, known):
            for at in sorted(names):
                column = table.get(names[at])
                if column is None or at in self.columns.values() or at in unknown:
                    continue
                if column.name in self.columns:
                    self._twice(at, column)
                    unknown.append(at)
                else:
                    self.columns[column.name] = at
        for at in sorted(names):
            if names[at] not in known and names[at]:
                self._unknown(at, cells[at].text, known)

    def _twice(self, at: int, column: Column) -> None:
        place = Place(self.grid.name, self.heading_row, column_letters(at), column.heading)
        message = _("There are two columns “%(heading)s”. Remove one of them.")
        self.findings.report(
            self.findings.cell_path(place),
            message % {"heading": column.heading},
            found=column.heading,
        )

    def _unknown(self, at: int, heading: str, known: Mapping[str, Column]) -> None:
        """A column of one's own is let be; one that is probably misspelt is not."""
        missing = {
            name: each.heading for name, each in known.items() if each.name not in self.columns
        }
        meant = missing.get(nearest(plain(heading), missing), "")
        place = Place(self.grid.name, self.heading_row, column_letters(at), short(heading))
        words = {"heading": short(heading)}
        if meant:
            message = _("There is no column “%(heading)s” on this sheet.") % words
        else:
            message = _("The column “%(heading)s” is not known, and is not read.") % words
        self.findings.report(
            self.findings.cell_path(place),
            message + did_you_mean(meant),
            found=heading,
            expected=", ".join(each.heading for each in self.sheet.columns),
            nearest=meant,
            severity=Severity.ERROR if meant else Severity.WARNING,
        )


def find_tables(grids: list[Grid], findings: Findings) -> dict[str, Table]:
    """The sheets that were found, by their parts of the document."""
    found: dict[str, Table] = {}
    ignored = {plain(each) for each in NOT_READ}
    unknown: list[Grid] = []
    for grid in grids:
        sheet = _sheet_called(grid.name)
        if sheet is None:
            if plain(grid.name) not in ignored and grid.rows:
                unknown.append(grid)
        elif sheet.part in found:
            message = _("There are two sheets “%(name)s”. Remove one, or give it another name.")
            path = findings.cell_path(Place(grid.name))
            findings.report(path, message % {"name": sheet.name}, found=grid.name)
        else:
            found[sheet.part] = Table(sheet, grid, findings)
            _report_sheet(grid, findings)
    for grid in unknown:
        _report_unknown_sheet(grid, found, findings)
    return found


def report_missing_sheets(
    tables: Mapping[str, Table], findings: Findings, *, only_tasks: bool = False
) -> None:
    """Name the sheets without which there is no workflow, or (`only_tasks`) no task definition."""
    for sheet in SHEETS:
        is_needed = sheet.part == "tasks" if only_tasks else sheet.is_needed
        if is_needed and sheet.part not in tables:
            message = _("There is no sheet “%(name)s”. Add it, or begin with the template.")
            findings.places[(sheet.part,)] = Place(sheet.name)
            findings.report((sheet.part,), message % {"name": sheet.name}, expected=sheet.name)


def _sheet_called(name: str) -> Sheet | None:
    wanted = plain(name)
    for sheet in SHEETS:
        if wanted in names_of_sheet(sheet):
            return sheet
    return None


def _report_sheet(grid: Grid, findings: Findings) -> None:
    path = findings.cell_path(Place(grid.name))
    if grid.is_cut:
        message = _(
            "This sheet has more than %(limit)d rows, or too many cells, which is the most that "
            "is read. Leave some out."
        )
        findings.report(path, message % {"limit": MAX_ROWS})
    elif grid.is_hidden and grid.rows:
        message = _("This sheet is hidden. It was read like the others.")
        findings.report(path, message, found=grid.name, severity=Severity.WARNING)


def _report_unknown_sheet(grid: Grid, found: Mapping[str, Table], findings: Findings) -> None:
    missing = {plain(each.name): each.name for each in SHEETS if each.part not in found}
    meant = missing.get(nearest(plain(grid.name), missing), "")
    words = {"name": short(grid.name)}
    if meant:
        message = _("There is no sheet “%(name)s” in a workflow's workbook.") % words
    else:
        message = _("The sheet “%(name)s” is not part of a workflow, and is not read.") % words
    findings.report(
        findings.cell_path(Place(grid.name)),
        message + did_you_mean(meant),
        found=grid.name,
        expected=", ".join(each.name for each in SHEETS),
        nearest=meant,
        severity=Severity.ERROR if meant else Severity.WARNING,
    )
