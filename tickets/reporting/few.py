"""What of a report hides single tickets from whoever may not see them.

Counts below FEWEST are not said, nor what they could be computed from: shares of them, times of
them, and, where the rows of a part add up to a whole, the smallest other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from tenants.models import User
from tickets.reporting.cells import Cell, Chart, Hidden, Line, Number, Section, Share, Span

FEWEST: Final = 5
SEES_TICKETS: Final = "tickets.view_ticket"


def sees_tickets(person: User) -> bool:
    return person.has_perm(SEES_TICKETS)


def as_seen_by(section: Section, person: User) -> Section:
    """The part of a report as this person may see it, on the page and in the file."""
    return section if sees_tickets(person) else without_few(section)


def fewer() -> str:
    return _("fewer than %(count)d") % {"count": FEWEST}


def why_hidden() -> str:
    return _(
        "Numbers and times are shown from %(fewest)d on: smaller ones would say something of single"
        " tickets. “-” stands for what they could be computed from."
    ) % {"fewest": FEWEST}


def without_few(section: Section) -> Section:
    held_back = _held_back(section) if section.adds_up else set()
    rows = [
        [
            Hidden("-") if _is_held_back(held_back, at, column, cell) else _without_few(cell)
            for column, cell in enumerate(row)
        ]
        for at, row in enumerate(section.rows)
    ]
    kept = {
        (at, column)
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
        if isinstance(cell, Number)
    }
    chart = section.chart and _chart_without_few(section, section.chart, kept)
    return replace(section, rows=rows, chart=chart)


def _without_few(cell: Cell) -> Cell:
    if isinstance(cell, Number) and cell.count < FEWEST:
        return Hidden(fewer())
    if isinstance(cell, Share) and min(cell.part, cell.whole - cell.part) < FEWEST:
        return Hidden("-")
    if isinstance(cell, Span) and cell.count < FEWEST:
        return Hidden("-")
    return cell


def _is_held_back(held_back: set[tuple[int, int]], at: int, column: int, cell: Cell) -> bool:
    """Also a share in the row of a number that is held back: it would say that."""
    if isinstance(cell, Share):
        return any(row == at for row, _column in held_back)
    return (at, column) in held_back


def _held_back(section: Section) -> set[tuple[int, int]]:
    """Where numbers stand without which the hidden ones of their column could be computed.

    From a sum that is known and all but the hidden ones one would have the sum of those: they
    must be two at least, and together not few. Of two as small the later row is held back, as
    the first is the sum.
    """
    found = set()
    for column in range(len(section.headings)):
        counts = {
            at: cell.count
            for at, row in enumerate(section.rows)
            if isinstance(cell := row[column], Number)
        }
        hidden = [at for at, count in counts.items() if count < FEWEST]
        shown = [at for at in counts if at not in hidden]
        while hidden and shown and (len(hidden) < 2 or sum(counts[at] for at in hidden) < FEWEST):
            smallest = min(reversed(shown), key=lambda at: counts[at])
            shown.remove(smallest)
            hidden.append(smallest)
            found.add((smallest, column))
    return found


def _chart_without_few(section: Section, chart: Chart, kept: set[tuple[int, int]]) -> Chart | None:
    """Without the points whose numbers the table does not say; None where none is left.

    The lines are the first columns of numbers, their points the last rows of the table.
    """
    columns = sorted(
        {
            column
            for row in section.rows
            for column, cell in enumerate(row)
            if isinstance(cell, Number)
        }
    )
    lines: list[Line] = []
    for column, line in zip(columns, chart.lines, strict=False):
        first = max(len(section.rows) - len(line.values), 0) if section.has_sum else 0
        values: Sequence[float | None] = [
            value if (first + at, column) in kept else None for at, value in enumerate(line.values)
        ]
        lines.append(replace(line, values=values))
    is_left = any(value is not None for line in lines for value in line.values)
    return replace(chart, lines=lines) if is_left else None
