from __future__ import annotations

from collections import defaultdict

from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket
from tickets.reporting.cells import Number, Section, Span, Text
from tickets.reporting.figures import Figures, Times
from workflows.models import WorkflowStatus

_NONE = Times(0, None, None)


def by_type(figures: Figures) -> Section:
    """Each ticket type: how many, and how long they took from submitting to the end."""
    days = str(figures.period.days)
    opened: dict[str, int] = defaultdict(int)
    for (_begin, key), count in figures.opened.items():
        opened[key] += count
    running: dict[str, int] = defaultdict(int)
    for (_day, key), count in figures.running.items():
        running[key] += count
    rows = []
    for key, title in figures.types.titles.items():
        times = figures.times_by_type.get(key, _NONE)
        if not (opened[key] or running[key] or times.count):
            continue
        rows.append(
            (
                Text(title),
                Number(opened[key], Ticket, {"submitted": days, "type": key}),
                Number(running[key], Ticket, {"status": "RUNNING", "type": key}),
                _completed(times, {"type": key}, days),
                Span(times.median, times.count),
                Span(times.ninetieth, times.count),
            )
        )
    if rows and not figures.type_key:
        rows.insert(
            0,
            (
                Text(_("In all")),
                Number(sum(opened.values()), Ticket, {"submitted": days}),
                Number(sum(running.values()), Ticket, {"status": "RUNNING"}),
                _completed(figures.times, {}, days),
                Span(figures.times.median, figures.times.count),
                Span(figures.times.ninetieth, figures.times.count),
            ),
        )
    return Section(
        key="types",
        title=_("Ticket types, and how long tickets take"),
        about=_(
            "From submitting to the end, of the tickets that came to an end in this time: half of"
            " them took no longer than the median, and nine of ten no longer than the time under"
            " “Nine of ten”. Cancelled ones are not counted."
        ),
        headings=(
            _("Ticket type"),
            _("Submitted"),
            _("Running now"),
            _("Completed"),
            _("Median"),
            _("Nine of ten"),
        ),
        rows=rows,
        empty=_("There is no ticket to measure."),
        has_sum=not figures.type_key,
        adds_up=True,
    )


def _completed(times: Times, filters: dict[str, str], days: str) -> Number:
    return Number(
        times.count, Ticket, {"status": WorkflowStatus.COMPLETED.value, "ended": days, **filters}
    )
