"""A workflow's picture with numbers on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.pages.buttons import Button
from tenants.pages.page import register_page
from tickets.finding.counted import END, task_of
from tickets.models import Ticket
from tickets.reporting.cells import Cell, Number, Section, Span, Text
from tickets.reporting.few import FEWEST, fewer, sees_tickets, why_hidden
from tickets.reporting.flow import FlowFigures, TaskFigures
from tickets.reporting.pages.period_form import PeriodForm
from tickets.reporting.pages.shown import shown_section
from workflows.authoring.definitions.pages.definition_page import DefinitionPage
from workflows.end_outcomes import SCREENS
from workflows.models import TaskInstance, TaskStatus, WorkflowDefinition
from workflows.picture.graph import draw_process
from workflows.running.definition_cache import process_of


@register_page(
    WorkflowDefinition, "<int:object_id>/flow/", name="workflows_workflowdefinition_flow"
)
class FlowPage(DefinitionPage):
    """For workflow creators and ticket admins; who may not see tickets sees nothing of single ones.

    Counts and times of few are not shown to them: tickets/reporting/few.py. GET `?period=30`, or
    `?first=2026-11-01&last=2026-11-30`: see PeriodForm.
    """

    permissions = ("workflows.view_workflowdefinition",)
    title = gettext_lazy("Flow in numbers")
    template_name = "reporting/flow.html"
    button = Button(gettext_lazy("Flow in numbers"), icon="monitoring", order=35)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = PeriodForm(request.GET, types={}, has_own=sees_tickets(self.person))
        del form.fields["type"]
        if not form.is_valid():
            return self.show(form=form)
        period = form.as_period()
        figures = FlowFigures(self.workflow.key, period)
        notes = {key: self._notes(each) for key, each in figures.tasks.items()}
        ends = {end: self._times(count) for end, count in figures.ends.items()}
        sections = [self._tasks(figures), self._ends(figures)]
        return self.show(
            form=form,
            period=period.days.in_words,
            picture=draw_process(process_of(self.workflow), notes=notes, end_notes=ends),
            sections=[shown_section(each, by=self.person) for each in sections],
            why_hidden="" if sees_tickets(self.person) else why_hidden(),
        )

    def _is_hidden(self, count: int) -> bool:
        return count < FEWEST and not sees_tickets(self.person)

    def _notes(self, task: TaskFigures) -> list[str]:
        lines = []
        if task.now:
            count = fewer() if self._is_hidden(task.now) else str(task.now)
            lines.append(_("%(count)s here now") % {"count": count})
        whole = task.whole
        if whole.count:
            lines.append(self._times(whole.count))
            if whole.median is not None and not self._is_hidden(whole.count):
                median = Span(whole.median, whole.count)
                lines.append(_("median %(median)s") % {"median": median})
        return lines

    def _times(self, count: int) -> str:
        if self._is_hidden(count):
            return _("%(fewer)s times") % {"fewer": fewer()}
        return ngettext("%(count)d time", "%(count)d times", count) % {"count": count}

    def _tasks(self, figures: FlowFigures) -> Section:
        days = str(figures.period.days)
        rows: list[Sequence[Cell]] = []
        titles = {task.key: task.title for task in self.workflow.tasks.all()}
        others = sorted(figures.tasks.keys() - titles.keys())
        for key, title in [*titles.items(), *((key, key) for key in others)]:
            task = figures.tasks.get(key)
            if task is None:
                continue
            keys = {"task": task_of(figures.key, key)}
            done = {**keys, "status": TaskStatus.COMPLETED.value, "done": days}
            count = task.whole.count
            whole = task.whole
            times = (task.waiting.median, task.doing.median, whole.median, whole.ninetieth)
            rows.append(
                (
                    Text(title),
                    Number(task.now, TaskInstance, {**keys, "status": "UNFINISHED"}),
                    Number(count, TaskInstance, done),
                    *(Span(each, count) for each in times),
                )
            )
        return Section(
            key="tasks",
            title=_("Tasks"),
            about=_("Of all versions of this workflow. What is here now is not finished."),
            headings=(
                _("Task"),
                _("Here now"),
                _("Finished"),
                _("Waited: median"),
                _("Was done: median"),
                _("Both: median"),
                _("Both: nine of ten"),
            ),
            rows=rows,
            empty=_("No ticket has come to a task of this workflow in this time."),
        )

    def _ends(self, figures: FlowFigures) -> Section:
        days = str(figures.period.days)
        rows: list[Sequence[Cell]] = []
        ends = sorted(figures.ends.items(), key=lambda each: (-each[1], each[0][1]))
        for (outcome, label), count in ends:
            filters = {"flow": figures.key, "outcome": outcome.value, "ended": days}
            filters["end"] = f"{END}{label}"
            name, status = Text(label or _("End")), Text(SCREENS[outcome].status)
            rows.append((name, status, Number(count, Ticket, filters)))
        return Section(
            key="ends",
            title=_("Ends"),
            about=_("How many tickets came to each end in this time."),
            headings=(_("End"), _("Outcome"), _("Tickets")),
            rows=rows,
            empty=_("No ticket of this workflow came to an end in this time."),
            numbers_from=2,
        )
