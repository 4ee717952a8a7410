"""The report as tables to download: a sheet, or a .csv file, for each of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from tickets.finding.days import Days
from tickets.reporting.cells import Hidden, Section, Share, Span
from tickets.reporting.few import why_hidden
from workflows.flat.writing import ListFile


def write_report(
    sections: Sequence[Section], file: ListFile, *, days: Days, type_title: str, now: datetime
) -> int:
    """Returns how many rows there are. What is empty has its headings.

    Raises:
        TooMuchToExportError
    """
    with file.table(_("About this report"), [_("What"), _("Value")]) as table:
        table.add([_("From"), days.first])
        table.add([_("To"), days.last])
        table.add([_("Ticket type"), type_title or _("All ticket types")])
        table.add([_("Made at"), now])
        if any(isinstance(cell, Hidden) for each in sections for row in each.rows for cell in row):
            table.add([_("Not shown"), why_hidden()])
    rows = 0
    for section in sections:
        with file.table(str(section.title), _headings(section)) as table:
            for row in section.rows:
                table.add([cell.exported for cell in row])
                rows += 1
    return rows


def _headings(section: Section) -> list[str]:
    """With the unit of what is a length of time or a share."""
    found = []
    for at, heading in enumerate(section.headings):
        kinds = {type(row[at]) for row in section.rows}
        if Span in kinds:
            found.append(_("%(heading)s (hours)") % {"heading": heading})
        elif Share in kinds:
            found.append(_("%(heading)s (percent)") % {"heading": heading})
        else:
            found.append(str(heading))
    return found
