from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.models import ErrorStatus, ErrorType, TicketError
from tickets.models.ticket_error import UNRESOLVED
from tickets.reporting.cells import Number, Section, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type


def errors(figures: Figures) -> Section:
    """What went wrong in this time, by kind, and whether it was repaired."""
    days = str(figures.period.days)
    rows = []
    for kind in ErrorType:
        repaired = figures.errors.get((kind, ErrorStatus.RESOLVED), 0)
        unresolved = sum(figures.errors.get((kind, status), 0) for status in UNRESOLVED)
        if not (repaired or unresolved):
            continue
        # Without a status the list of errors shows what is not resolved.
        open_ones = of_type(figures, kind=kind.value, happened=days)
        resolved = {**open_ones, "status": ErrorStatus.RESOLVED.value}
        rows.append(
            (
                Text(kind.label),
                Number(unresolved, TicketError, open_ones),
                Number(repaired, TicketError, resolved),
            )
        )
    return Section(
        key="errors",
        title=_("Errors"),
        about=_("What went wrong with tickets in this time."),
        headings=(_("What went wrong"), _("Not resolved"), _("Resolved")),
        rows=rows,
        empty=_("Nothing went wrong in this time."),
    )
