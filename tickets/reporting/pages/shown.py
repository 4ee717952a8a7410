"""Parts of a report as their template shows them, to whoever looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Model

from tenants.models import User
from tickets.models import Ticket, TicketError
from tickets.reporting.cells import Cell, Chart, Number, Section
from tickets.reporting.few import as_seen_by
from workflows.models import TaskInstance

# Instead of Unfold's, whose bars are hair-thin and whose steps are no whole numbers. What of them
# depends on light and dark Unfold sets anyway.
_TICKS: Final = {"color": "#7b8190", "precision": 0, "maxTicksLimit": 8}
CHART_OPTIONS: Final = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "borderWidth": 2,
        "maxBarThickness": 28,
        "plugins": {"legend": {"display": False}},
        "elements": {"point": {"radius": 2}},
        "scales": {
            "x": {"grid": {"display": False}, "ticks": _TICKS},
            "y": {"beginAtZero": True, "grid": {"display": True}, "ticks": _TICKS},
        },
    }
)
# What somebody must be allowed to see to be led to the lists of what was counted.
SEES: Final[dict[type[Model], str]] = {
    Ticket: "tickets.view_ticket",
    TaskInstance: "workflows.view_taskinstance",
    TicketError: "tickets.view_ticketerror",
}


@dataclass(frozen=True, slots=True)
class ShownCell:
    """`url` is empty where there is no list, or none for whoever looks."""

    text: str
    url: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class ShownSection:
    section: Section
    rows: Sequence[Sequence[ShownCell]]
    chart: str
    chart_options: str = CHART_OPTIONS


def shown_section(section: Section, *, by: User) -> ShownSection:
    """What few tickets would say is left out for who may not see tickets."""
    section = as_seen_by(section, by)
    rows = [[_shown_cell(each, by) for each in row] for row in section.shown]
    has_chart = section.chart is not None and bool(section.rows)
    return ShownSection(section, rows, _chart_data(section.chart) if has_chart else "")


def _shown_cell(cell: Cell, by: User) -> ShownCell:
    may_look = isinstance(cell, Number) and by.has_perm(SEES[cell.model])
    return ShownCell(str(cell), cell.url if may_look else "", cell.is_number)


def _chart_data(chart: Chart | None) -> str:
    """As Unfold's components hand it to Chart.js. The second line is dashed: colour is not all."""
    if chart is None:
        return ""
    datasets = [
        {
            "label": str(line.label),
            "data": list(line.values),
            "borderColor": f"var({line.color})",
            "backgroundColor": f"var({line.color})",
            "borderDash": [6, 4] if number else [],
        }
        for number, line in enumerate(chart.lines)
    ]
    return json.dumps({"labels": list(chart.labels), "datasets": datasets})
