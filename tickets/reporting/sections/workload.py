from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.reporting.cells import Chart, Line, Number, Section, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type
from workflows.models import TaskInstance, TaskStatus

# More bars nobody can tell apart.
MOST_BARS = 20


def workload(figures: Figures) -> Section:
    """What each worker has to do now, and has finished in this time."""
    days = str(figures.period.days)
    rows = []
    for each in figures.loads:
        worker = str(each.worker.pk)
        unfinished = of_type(figures, worker=worker, status="UNFINISHED")
        done = of_type(figures, worker=worker, status=TaskStatus.COMPLETED.value, done=days)
        rows.append(
            (
                Text(str(each.worker)),
                Number(each.unfinished, TaskInstance, unfinished),
                Number(each.done, TaskInstance, done),
            )
        )
    charted = figures.loads[:MOST_BARS]
    return Section(
        key="workload",
        title=_("Work of each person"),
        about=_("The tasks that people have now, and those that they finished in this time."),
        headings=(_("Worker"), _("Not finished now"), _("Finished")),
        rows=rows,
        empty=_("Nobody has a task now, or finished one in this time."),
        chart=Chart(
            "bar",
            [str(each.worker) for each in charted],
            (Line(_("Not finished now"), [each.unfinished for each in charted]),),
        ),
    )
