from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.finding.counted import task_of
from tickets.reporting.cells import Number, Section, Span, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type
from workflows.models import TaskInstance, TaskStatus


def tasks(figures: Figures) -> Section:
    """How long each task waited, and how long it took then."""
    days = str(figures.period.days)
    rows = []
    for each in figures.tasks:
        filters = of_type(
            figures,
            status=TaskStatus.COMPLETED.value,
            done=days,
            task=task_of(each.workflow_key, each.key),
        )
        rows.append(
            (
                Text(each.title),
                Text(each.workflow_title),
                Number(each.waiting.count, TaskInstance, filters),
                Span(each.waiting.median, each.waiting.count),
                Span(each.waiting.ninetieth, each.waiting.count),
                Span(each.doing.median, each.doing.count),
                Span(each.doing.ninetieth, each.doing.count),
            )
        )
    return Section(
        key="tasks",
        title=_("Time of each task"),
        about=_(
            "Of the tasks that were finished in this time. A task waits until its worker says that"
            " they have begun, or, where they never say so, until they are given it; a call waits"
            " until it is made first."
        ),
        headings=(
            _("Task"),
            _("Workflow"),
            _("Finished"),
            _("Waited: median"),
            _("Waited: nine of ten"),
            _("Was done: median"),
            _("Was done: nine of ten"),
        ),
        rows=rows,
        empty=_("No task was finished in this time."),
        numbers_from=2,
    )
