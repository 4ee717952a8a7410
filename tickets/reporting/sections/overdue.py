from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from tickets.reporting.cells import Number, Section, Share, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type
from workflows.models import TaskInstance


def overdue(figures: Figures) -> Section:
    """Tasks with a due date: finished in time or late, and what is overdue now."""
    days = str(figures.period.days)
    finished = sum(each.with_due for each in figures.tasks)
    late = sum(each.late for each in figures.tasks)
    unfinished, overdue_now = figures.unfinished_with_due

    def number(count: int, **filters: str) -> Number:
        return Number(count, TaskInstance, of_type(figures, **filters))

    rows = (
        (
            Text(_("Finished in time")),
            number(finished - late, in_time="yes", done=days),
            Share(finished - late, finished),
        ),
        (
            Text(_("Finished late")),
            number(late, in_time="no", done=days),
            Share(late, finished),
        ),
        (
            Text(_("Overdue now")),
            number(overdue_now, due="overdue"),
            Share(overdue_now, unfinished),
        ),
        (
            Text(_("Due later")),
            number(unfinished - overdue_now, due="later"),
            Share(unfinished - overdue_now, unfinished),
        ),
    )
    return Section(
        key="overdue",
        title=_("In time and overdue"),
        about=_(
            "Of tasks with a due date: those that were finished in this time, and those that are"
            " not finished now. The shares are of either."
        ),
        headings=(_("Tasks"), pgettext("how many", "Number"), _("Share")),
        rows=rows if finished or unfinished else (),
        empty=_("No task of this time has a due date."),
    )
