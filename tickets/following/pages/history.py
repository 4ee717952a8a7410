"""The whole history of a ticket, as ticket admins read it: with inputs, outputs and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from tickets.conversation.pages.timeline import Happened
from tickets.seeing import Viewer, changed_answers, shown_output
from workflows.authoring.definitions.pages.in_words import pretty
from workflows.authoring.definitions.pages.transition_rows import condition_labels
from workflows.engine.conditions.sentence import describe_condition
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.forms import Shown, show_answers
from workflows.layouts.columns import layouts_of
from workflows.models import TaskInstance, WorkflowDefinition, WorkflowEvent
from workflows.running.events.kind import Details, data_of, event_sentence, kind_named
from workflows.running.events.of_blocks.branch_cancelled import BRANCH_CANCELLED
from workflows.running.through import who_in_words

_WITH: Final = ("actor", "task_instance__definition", "task_instance__contact")
_LONG: Final = layouts_of("task_instance__definition")

# Of a ticket that goes round in circles the newest events are shown.
MOST_EVENTS = 300
# Of what happened while somebody had a page open.
MOST_SINCE = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """One transition that was looked at. `outcome` is yes, no or error."""

    target: str
    condition: str
    is_always: bool
    outcome: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: datetime
    text: str
    icon: str
    tone: str
    who: str
    task: TaskInstance | None
    note: str = ""
    reason: str = ""
    how: str = ""
    before: Sequence[Shown] = ()
    after: Sequence[Shown] = ()
    tried: Sequence[Tried] = ()
    # By which date it was decided, where a condition could read it.
    today: date | None = None
    answers: Sequence[Shown] = ()
    documents: Sequence[tuple[str, str]] = ()
    # What a decision table read.
    read: Sequence[Shown] = ()


@dataclass(frozen=True, slots=True)
class History:
    """`left_out` counts the older events that are not shown."""

    lines: Sequence[HistoryLine]
    left_out: int = 0


def history(
    workflow: WorkflowDefinition,
    instance_id: int | None,
    *,
    viewer: Viewer,
    task: TaskInstance | None = None,
) -> History:
    """What happened to a workflow instance (or to one task of it), oldest first.

    For pages of the team: who is not of it (`viewer`) is shown the answers for the requester at
    most, but reads the reasons and conditions of everything.

    `workflow` is fetched by `with_tasks_and_transitions`.
    """
    if instance_id is None:
        return History(())
    events = WorkflowEvent.objects.filter(workflow_instance=instance_id)
    if task is not None:
        events = events.filter(task_instance=task)
    newest = events.select_related(*_WITH).defer(*_LONG).order_by("-pk")
    rows = list(newest[: MOST_EVENTS + 1])
    left_out = events.count() - MOST_EVENTS if len(rows) > MOST_EVENTS else 0
    return History(_lines(workflow, list(reversed(rows[:MOST_EVENTS])), viewer), left_out)


class WholeHistory:
    """What happened to a workflow instance, each event with its details: a `History`."""

    template = "following/_history_line.html"

    def __init__(
        self, workflow: WorkflowDefinition, instance_id: int | None, *, viewer: Viewer
    ) -> None:
        """`workflow` is fetched by `with_tasks_and_transitions`."""
        self._workflow, self._instance_id, self._viewer = workflow, instance_id, viewer

    def newest(self, *, before: int, most: int) -> list[Happened]:
        if self._instance_id is None:
            return []
        events = WorkflowEvent.objects.filter(workflow_instance=self._instance_id, pk__lt=before)
        newest = events.select_related(*_WITH).defer(*_LONG).order_by("-pk")
        rows = list(newest[:most])
        lines = _lines(self._workflow, rows, self._viewer)
        return [Happened(row.pk, row.at, line) for row, line in zip(rows, lines, strict=True)]


def history_since(
    workflow: WorkflowDefinition, instance_id: int | None, *, viewer: Viewer, event_id: int
) -> History:
    """What happened to a workflow instance after an event: the newest, oldest first."""
    if instance_id is None:
        return History(())
    events = WorkflowEvent.objects.filter(workflow_instance=instance_id, pk__gt=event_id)
    newest = events.select_related(*_WITH).defer(*_LONG).order_by("-pk")
    return History(_lines(workflow, list(reversed(newest[:MOST_SINCE])), viewer))


def _lines(
    workflow: WorkflowDefinition, events: Sequence[WorkflowEvent], viewer: Viewer
) -> list[HistoryLine]:
    labels = condition_labels(workflow)
    titles = {each.key: each.title for each in workflow.tasks.all()}
    return [_line(each, titles, labels, workflow.fields, viewer) for each in events]


def _line(
    event: WorkflowEvent,
    titles: Mapping[str, str],
    labels: Mapping[str, str],
    ticket_fields: Json,
    viewer: Viewer,
) -> HistoryLine:
    kind, data, task = kind_named(event.kind), data_of(event), event.task_instance
    details = kind.screen.details
    completed = details is Details.OUTPUT and task is not None
    changed = changed_answers(event, ticket_fields=ticket_fields, viewer=viewer)
    return HistoryLine(
        at=event.at,
        text=event_sentence(kind.screen.history, event, titles),
        icon=kind.screen.icon,
        tone=kind.screen.tone_of(event),
        who=who_in_words(event.actor, event.data),
        task=task,
        note=str(data.get("error") or _object(data.get("failure")).get("message") or ""),
        reason="" if kind is BRANCH_CANCELLED else str(data.get("reason") or ""),
        how=str(data.get("notes") or ""),
        before=changed.before,
        after=changed.after,
        tried=tuple(_tried(data.get("tried"), titles, labels)),
        today=_day(data.get("today")),
        answers=_output(data, task, viewer) if completed and task else (),
        documents=_documents(task, viewer) if completed and task else (),
        read=show_answers([], _object(data.get("read"))),
    )


def _day(value: Json) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _tried(tried: Json, titles: Mapping[str, str], labels: Mapping[str, str]) -> Iterable[Tried]:
    for each in tried if isinstance(tried, list) else []:
        if not isinstance(each, dict):
            continue
        target, result = each.get("to_task"), each.get("result")
        yield Tried(
            target=_("the end") if target is None else titles.get(str(target), str(target)),
            condition=describe_condition(each.get("condition"), labels),
            is_always=is_empty(each.get("condition")),
            outcome="error" if result is None else "yes" if result is True else "no",
            error=str(each.get("error") or ""),
        )


def _output(data: JsonObject, task: TaskInstance, viewer: Viewer) -> list[Shown]:
    """As it was then: it may have been corrected since."""
    output = data.get("output", task.output_data)
    return shown_output(task.definition, output, viewer=viewer)


def _documents(task: TaskInstance, viewer: Viewer) -> list[tuple[str, str]]:
    if not task.definition.is_call or viewer is not Viewer.TEAM or task.input_data is None:
        return []
    return [(_("What was sent"), pretty(task.input_data))]
