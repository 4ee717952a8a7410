"""What a person does not see on a sheet, or sees as deleted: hidden, filtered away, struck out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Severity
from workflows.workbooks.findings import Findings
from workflows.workbooks.formats.grid import Cell, Grid, column_letters
from workflows.workbooks.formats.seen import struck_out
from workflows.workbooks.reading import Place


def report_unseen(
    grid: Grid, columns: Mapping[int, str], findings: Findings, *, heading_row: int = 0
) -> None:
    """Report the rows and columns of a sheet; `columns` has the headings of those that are read."""
    rows = {
        number: known
        for number, cells in sorted(grid.rows.items())
        if number >= heading_row and (known := {at: cells[at] for at in cells if at in columns})
    }
    for number, cells in rows.items():
        _report_struck(grid, number, cells, columns, findings)
    for numbers in _runs([each for each in rows if each in grid.hidden_rows], list(rows)):
        _report_hidden_rows(grid, numbers, findings)
    used = {at for number, cells in rows.items() if number > heading_row for at in cells}
    for at, heading in columns.items():
        if at in used & grid.hidden_columns:
            place = Place(grid.name, heading_row or 1, column_letters(at), heading)
            message = _("This column is hidden. It was read like the others.")
            findings.report(findings.cell_path(place), message, severity=Severity.WARNING)
    if grid.has_rules and rows:
        message = _(
            "Rules on this sheet (conditional formatting) strike cells out, or show them in "
            "another way. They were not looked at."
        )
        findings.report(findings.cell_path(Place(grid.name)), message, severity=Severity.WARNING)


def _report_struck(
    grid: Grid,
    number: int,
    cells: Mapping[int, Cell],
    columns: Mapping[int, str],
    findings: Findings,
) -> None:
    if all(cell.is_struck for cell in cells.values()):
        message = _("This row is struck out. Delete it, or take away the line through it.")
        findings.report(findings.cell_path(Place(grid.name, number)), message)
        return
    for at, cell in cells.items():
        if message := struck_out(cell):
            place = Place(grid.name, number, column_letters(at), columns[at])
            findings.report(findings.cell_path(place), message, found=cell.text)


def _report_hidden_rows(grid: Grid, numbers: list[int], findings: Findings) -> None:
    if len(numbers) == 1:
        message = _("This row is hidden, perhaps by a filter. It was read like the others.")
    else:
        message = _(
            "The rows %(first)d to %(last)d are hidden, perhaps by a filter. They were read like "
            "the others."
        ) % {"first": numbers[0], "last": numbers[-1]}
    path = findings.cell_path(Place(grid.name, numbers[0]))
    findings.report(path, message, severity=Severity.WARNING)


def _runs(numbers: list[int], among: list[int]) -> Iterator[list[int]]:
    """Those that follow each other, with nothing between them."""
    place = {number: at for at, number in enumerate(among)}
    run: list[int] = []
    for number in numbers:
        if run and place[number] != place[run[-1]] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run
