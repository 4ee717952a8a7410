"""What would become of finished tickets in this version of their workflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.dear import Dear
from tenants.pages.buttons import Button
from tenants.pages.page import register_page
from tickets.models.ticket import ticket_number
from tickets.replaying.replay_tickets import (
    END,
    MOST_TICKETS,
    PERMISSIONS,
    WAITS,
    Divergence,
    Onward,
    Refusal,
    Replay,
    replay_tickets,
)
from workflows.authoring.trying.pages.base_page import TRYING, TryingPage
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.bundles import Trial
from workflows.bundles.telling.describe_changes import field_labels
from workflows.engine.values.number_text import number_problem, parse_number
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.working_hours.durations import duration_in_words

DEFAULT_TICKETS: Final = 50
CHOICES: Final = (20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class TicketLink:
    number: str
    url: str
    error: str


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets to which the same would happen."""

    text: str
    old: str
    new: str
    count: int
    tickets: Sequence[TicketLink]


@register_page(
    WorkflowDefinition, "<int:object_id>/replay/", name="workflows_workflowdefinition_replay"
)
class ReplayPage(TryingPage):
    """GET `?tickets=50` replays as many; without it the page only asks. It reads, no more.

    Who may not see tickets may not replay them; the page says what to do about it.
    """

    dear = {"GET": Dear.ASKED}
    title = gettext_lazy("Replay")
    button = Button(gettext_lazy("Replay"), icon="history", order=30, group=TRYING)
    template_name = "replaying/replay.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not self.person.has_perms(PERMISSIONS):
            return self.show(may_replay=False)
        asked = request.GET.get("tickets")
        context: dict[str, Any] = {"choices": CHOICES, "may_replay": True}
        if asked is None:
            return self.show(**context, limit=DEFAULT_TICKETS, replay=None)
        limit, refusal = _count_in(asked)
        if refusal:
            return self.show(**context, limit=asked, refusal=refusal, replay=None)
        replay = replay_tickets(workflow=self.workflow, limit=limit, by=self.person)
        trial, titles = trial_of(self.workflow), self._titles()
        return self.show(
            **context,
            limit=limit,
            replay=replay,
            divergences=[
                _parting_group(titles, replay, each, numbers)
                for each, numbers in replay.divergences.items()
            ],
            refusals=[
                _refusal_group(trial, replay, each, numbers)
                for each, numbers in replay.refusals.items()
            ],
        )

    def _titles(self) -> dict[str, str]:
        """The tasks of all versions by key; this version's own titles count first."""
        others = TaskDefinition.objects.filter(workflow__key=self.workflow.key).order_by("pk")
        titles = dict(others.values_list("key", "title"))
        return titles | {task.key: task.title for task in self.workflow.tasks.all()}


def _count_in(text: str) -> tuple[int, str]:
    """How many tickets somebody asks for, and what is wrong with what they typed."""
    if problem := number_problem(text, whole=True):
        return 0, problem
    number = int(parse_number(text, whole=True))
    if not 1 <= number <= MOST_TICKETS:
        return 0, _("Give a number from 1 to %(most)s.") % {"most": MOST_TICKETS}
    return number, ""


def _parting_group(
    titles: dict[str, str],
    replay: Replay,
    divergence: Divergence,
    numbers: Sequence[int],
) -> Group:
    after = titles.get(divergence.after, divergence.after)
    place = _("After “%(task)s”") % {"task": after} if after else _("At the start")
    if divergence.time:
        words = {"task": after, "time": duration_in_words(divergence.time)}
        place = _("After “%(task)s” was not done within %(time)s") % words
    return Group(
        text=place,
        old=_onward(titles, divergence.old),
        new=_onward(titles, divergence.new),
        count=len(numbers),
        tickets=_links(replay, numbers),
    )


def _onward(titles: dict[str, str], onward: Onward) -> str:
    if onward.task:
        return _("to “%(task)s”") % {"task": titles.get(onward.task, onward.task)}
    if onward.kind == END:
        return (
            _("to the end (%(label)s)") % {"label": onward.label}
            if onward.label
            else _("to the end")
        )
    if onward.kind == WAITS:
        return _("waits, because nobody has answered this task")
    return _("stops with an error")


def _refusal_group(trial: Trial, replay: Replay, refusal: Refusal, numbers: Sequence[int]) -> Group:
    form = trial.title_of(refusal.task) if refusal.task else _("The ticket's form")
    specs = trial.fields_of(refusal.task) if refusal.task else trial.fields
    labels = field_labels(specs)
    return Group(
        text=form,
        old="",
        new=", ".join(labels.get(name, name) for name in refusal.fields if name),
        count=len(numbers),
        tickets=_links(replay, numbers),
    )


def _links(replay: Replay, numbers: Sequence[int]) -> list[TicketLink]:
    return [
        TicketLink(
            number=ticket_number(number),
            url=reverse("admin:tickets_ticket_change", args=(number,)),
            error=replay.errors.get(number, ""),
        )
        for number in numbers
    ]
