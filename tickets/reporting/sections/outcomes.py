from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket
from tickets.reporting.cells import Cell, Chart, Line, Number, Section, Share, Text
from tickets.reporting.figures import Ended, Figures
from tickets.reporting.links import of_type
from workflows.end_outcomes import SCREENS
from workflows.engine.process import EndOutcome
from workflows.models import WorkflowStatus


def outcomes(figures: Figures) -> Section:
    """How the tickets ended that ended."""
    days = str(figures.period.days)
    total = sum(each.count for each in figures.ended)
    rows: list[tuple[Cell, ...]] = []
    for outcome, screen in SCREENS.items():
        count = sum(each.count for each in figures.ended if _outcome(each) is outcome)
        filters = of_type(figures, outcome=outcome.value, ended=days)
        rows.append((Text(screen.status), Number(count, Ticket, filters), Share(count, total)))
    cancelled = sum(e.count for e in figures.ended if e.status == WorkflowStatus.CANCELLED)
    filters = of_type(figures, status=WorkflowStatus.CANCELLED.value, ended=days)
    name = WorkflowStatus.CANCELLED.label
    rows.append((Text(name), Number(cancelled, Ticket, filters), Share(cancelled, total)))
    return Section(
        key="outcomes",
        title=_("Outcomes"),
        about=_("How the tickets ended that ended in this time."),
        headings=(_("Outcome"), _("Tickets"), _("Share")),
        rows=rows if total else (),
        empty=_("No ticket ended in this time."),
        adds_up=True,
        chart=Chart(
            "bar",
            [str(row[0]) for row in rows],
            (Line(_("Tickets"), [row[1].count for row in rows if isinstance(row[1], Number)]),),
        ),
    )


def _outcome(ended: Ended) -> EndOutcome | None:
    if ended.status != WorkflowStatus.COMPLETED:
        return None
    return EndOutcome.named(ended.outcome)
