"""The parts of the report, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tickets.reporting.cells import Section
from tickets.reporting.figures import Figures
from tickets.reporting.sections.by_type import by_type
from tickets.reporting.sections.errors import errors
from tickets.reporting.sections.outcomes import outcomes
from tickets.reporting.sections.over_time import over_time
from tickets.reporting.sections.overdue import overdue
from tickets.reporting.sections.running import running_by_age
from tickets.reporting.sections.satisfaction import satisfaction
from tickets.reporting.sections.tasks import tasks
from tickets.reporting.sections.workload import workload

SECTIONS: Final[Sequence[Callable[[Figures], Section]]] = (
    over_time,
    running_by_age,
    by_type,
    outcomes,
    satisfaction,
    tasks,
    overdue,
    workload,
    errors,
)


def make_report(figures: Figures) -> list[Section]:
    return [section(figures) for section in SECTIONS]
