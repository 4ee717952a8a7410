from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from tickets.finding.days import Days
from tickets.models import Ticket
from tickets.reporting.cells import Chart, Line, Number, Section, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type
from tickets.reporting.period import day_of

# From so many days of age on, to so many; None: and more.
AGES: Final = (
    (0, 0, _("today")),
    (1, 6, _("1 to 6 days")),
    (7, 29, _("7 to 29 days")),
    (30, 89, _("30 to 89 days")),
    (90, None, _("90 days and more")),
)


def running_by_age(figures: Figures) -> Section:
    """What runs now, whenever it was submitted."""
    today = day_of(figures.now)
    rows, counts = [], []
    for least, most, name in AGES:
        days = _days(today, least, most)
        count = sum(
            count
            for (day, _type), count in figures.running.items()
            if (days.first is None or day >= days.first) and (days.last is None or day <= days.last)
        )
        filters = of_type(figures, status="RUNNING", submitted=str(days))
        rows.append((Text(name), Number(count, Ticket, filters)))
        counts.append(count)
    total = (
        Text(_("In all")),
        Number(sum(figures.running.values()), Ticket, of_type(figures, status="RUNNING")),
    )
    return Section(
        key="running",
        title=_("Running now"),
        about=_("Tickets that have not ended, by how long ago they were submitted."),
        headings=(_("Age"), _("Tickets")),
        rows=[total, *rows] if figures.running else (),
        empty=_("No ticket is running."),
        has_sum=True,
        adds_up=True,
        chart=Chart(
            "bar", [str(name) for _least, _most, name in AGES], (Line(_("Tickets"), counts),)
        ),
    )


def _days(today: date, least: int, most: int | None) -> Days:
    """When tickets of such an age were submitted; a moment to come counts as today."""
    first = None if most is None else today - timedelta(days=most)
    last = None if least == 0 else today - timedelta(days=least)
    return Days(first, last)
