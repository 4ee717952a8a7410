from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket
from tickets.reporting.cells import Chart, Line, Number, Section, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type


def over_time(figures: Figures) -> Section:
    """How many tickets were submitted and ended, step by step."""
    opened: dict[date, int] = defaultdict(int)
    for (begin, _type), count in figures.opened.items():
        opened[begin] += count
    ended: dict[date, int] = defaultdict(int)
    for each in figures.ended:
        ended[each.begin] += each.count
    steps = list(figures.period.steps())
    rows = [
        (
            Text(figures.period.name_of(days)),
            Number(opened[begin], Ticket, of_type(figures, submitted=str(days))),
            Number(ended[begin], Ticket, of_type(figures, ended=str(days))),
        )
        for begin, days in steps
    ]
    whole = str(figures.period.days)
    total = (
        Text(_("In all")),
        Number(sum(opened.values()), Ticket, of_type(figures, submitted=whole)),
        Number(sum(ended.values()), Ticket, of_type(figures, ended=whole)),
    )
    return Section(
        key="over-time",
        title=_("Submitted and ended"),
        about=_("Tickets that were submitted, and those that ended, also by being cancelled."),
        headings=(_("When"), _("Submitted"), _("Ended")),
        rows=[total, *rows] if sum(opened.values()) + sum(ended.values()) else (),
        empty=_("No ticket was submitted in this time, and none ended."),
        chart=Chart(
            "line",
            [date_format(begin, "SHORT_DATE_FORMAT") for begin, _days in steps],
            (
                Line(_("Submitted"), [opened[begin] for begin, _days in steps]),
                Line(_("Ended"), [ended[begin] for begin, _days in steps], "--color-green-600"),
            ),
        ),
        most_shown=400,
        has_sum=True,
        adds_up=True,
    )
