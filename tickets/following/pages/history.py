"""The whole history of a ticket, as ticket admins read it: with inputs, outputs and reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from workflows.authoring.definitions.pages.definition_rows import condition_labels, pretty
from workflows.engine.conditions import describe_condition, is_empty
from workflows.engine.process import Json, JsonObject
from workflows.forms import Shown, show_answers
from workflows.models import EventKind, TaskInstance, WorkflowDefinition, WorkflowEvent
from workflows.working_hours.durations import duration_in_words

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
    answers: Sequence[Shown] = ()
    documents: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class History:
    """`left_out` counts the older events that are not shown."""

    lines: Sequence[HistoryLine]
    left_out: int = 0


def history(
    workflow: WorkflowDefinition, instance_id: int | None, *, task: TaskInstance | None = None
) -> History:
    """What happened to a workflow instance (or to one task of it), oldest first.

    `workflow` is fetched by `whole()`.
    """
    if instance_id is None:
        return History(())
    events = WorkflowEvent.objects.filter(workflow_instance=instance_id)
    if task is not None:
        events = events.filter(task_instance=task)
    newest = events.select_related("actor", "task_instance__definition").order_by("-pk")
    rows = list(newest[: MOST_EVENTS + 1])
    left_out = events.count() - MOST_EVENTS if len(rows) > MOST_EVENTS else 0
    return History(_lines(workflow, list(reversed(rows[:MOST_EVENTS]))), left_out)


def history_since(
    workflow: WorkflowDefinition, instance_id: int | None, *, event_id: int
) -> History:
    """What happened to a workflow instance after an event: the newest, oldest first."""
    if instance_id is None:
        return History(())
    events = WorkflowEvent.objects.filter(workflow_instance=instance_id, pk__gt=event_id)
    newest = events.select_related("actor", "task_instance__definition").order_by("-pk")
    return History(_lines(workflow, list(reversed(newest[:MOST_SINCE]))))


def _lines(workflow: WorkflowDefinition, events: Sequence[WorkflowEvent]) -> list[HistoryLine]:
    labels = condition_labels(workflow)
    titles = {each.key: each.title for each in workflow.tasks.all()}
    return [_line(each, titles, labels, workflow.fields) for each in events]


_LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    # Icon and tone.
    EventKind.STARTED: ("play_circle", "plain"),
    EventKind.MOVED: ("alt_route", "plain"),
    EventKind.ASSIGNED: ("person", "plain"),
    EventKind.RELEASED: ("person_off", "warn"),
    EventKind.TASK_STARTED: ("play_arrow", "plain"),
    EventKind.TASK_COMPLETED: ("check", "good"),
    EventKind.CALLED: ("bolt", "plain"),
    EventKind.ACCEPTED: ("hourglass_top", "plain"),
    EventKind.FAILED: ("error", "bad"),
    EventKind.RETRIED: ("refresh", "plain"),
    EventKind.CHANGED: ("edit", "plain"),
    EventKind.HELD: ("pause", "warn"),
    EventKind.RESUMED: ("play_arrow", "plain"),
    EventKind.VERSION_CHANGED: ("swap_horiz", "plain"),
    EventKind.TIMED_OUT: ("timer_off", "warn"),
    EventKind.ERROR_REVIEWED: ("visibility", "plain"),
    EventKind.ERROR_RESOLVED: ("task_alt", "good"),
    EventKind.CANCELLED: ("block", "plain"),
    EventKind.COMPLETED: ("flag", "good"),
}


def _line(
    event: WorkflowEvent,
    titles: Mapping[str, str],
    labels: Mapping[str, str],
    ticket_fields: Json,
) -> HistoryLine:
    icon, tone = _LOOKS.get(event.kind, ("circle", "plain"))
    data: JsonObject = event.data if isinstance(event.data, dict) else {}
    task = event.task_instance
    completed = event.kind == EventKind.TASK_COMPLETED and task is not None
    changed = event.kind == EventKind.CHANGED
    specs = _specs(data, task, ticket_fields) if changed else None
    return HistoryLine(
        at=event.at,
        text=_text(event, data, titles),
        icon=icon,
        tone=tone,
        who=str(event.actor) if event.actor else _("The system"),
        task=task,
        note=str(data.get("error") or ""),
        reason=str(data.get("reason") or ""),
        how=str(data.get("notes") or ""),
        before=show_answers(specs, _object(data.get("old"))) if changed else (),
        after=show_answers(specs, _object(data.get("new"))) if changed else (),
        tried=tuple(_tried(data.get("tried"), titles, labels)),
        answers=_output(data, task) if completed and task else (),
        documents=_documents(task) if completed and task and not task.definition.is_form else (),
    )


def _text(event: WorkflowEvent, data: JsonObject, titles: Mapping[str, str]) -> str:
    words = {
        "task": event.task_instance.definition.title if event.task_instance else "",
        "to": str(data.get("to") or _("somebody")),
        "attempt": str(data.get("attempt") or ""),
        "label": str(data.get("label") or ""),
        "after": duration_in_words(str(data.get("after") or "")),
        "from": str(data.get("from") or ""),
        "what": str(data.get("what") or ""),
        "next": _next(data, titles),
    }
    if event.kind == EventKind.TASK_COMPLETED and data.get("by_hand"):
        template = _("%(task)s was finished by hand.")
    elif event.kind == EventKind.CHANGED:
        template = _CHANGES.get(str(data.get("what")), _CHANGES["ticket"])()
    elif event.kind == EventKind.RETRIED and not words["task"]:
        template = _("The start is tried again.")
    elif event.kind == EventKind.MOVED:
        template = _("After %(task)s: on to %(next)s.") if words["task"] else _("On to %(next)s.")
    elif event.kind == EventKind.COMPLETED and words["label"]:
        template = _("The workflow ended: %(label)s.")
    elif event.kind == EventKind.FAILED and not words["task"]:
        template = _("Something went wrong.")
    else:
        template = str(_sentences().get(event.kind) or event.get_kind_display())
    return template % words


def _sentences() -> Mapping[str, str]:
    return {
        EventKind.STARTED: _("The workflow started."),
        EventKind.ASSIGNED: _("%(task)s was given to %(to)s."),
        EventKind.RELEASED: _("%(task)s was given back."),
        EventKind.TASK_STARTED: _("Work on %(task)s began."),
        EventKind.TASK_COMPLETED: _("%(task)s was completed."),
        EventKind.CALLED: _("%(task)s called the other system: attempt %(attempt)s."),
        EventKind.ACCEPTED: _("The other system accepted %(task)s. Its answer comes later."),
        EventKind.FAILED: _("Something went wrong at %(task)s."),
        EventKind.RETRIED: _("%(task)s is tried again."),
        EventKind.HELD: _("The ticket was put on hold."),
        EventKind.RESUMED: _("The ticket was let go on."),
        EventKind.VERSION_CHANGED: _("It was moved from version %(from)s to version %(to)s."),
        EventKind.ERROR_REVIEWED: _("Somebody looks after the error: %(what)s"),
        EventKind.ERROR_RESOLVED: _("The error was noted as resolved: %(what)s"),
        EventKind.CANCELLED: _("The ticket was cancelled."),
        EventKind.TIMED_OUT: _("%(task)s was not finished within %(after)s, and was left."),
        EventKind.COMPLETED: _("The workflow ended."),
    }


_CHANGES: Final[Mapping[str, Callable[[], str]]] = {
    "ticket": lambda: _("What was submitted was corrected."),
    "output": lambda: _("What came of %(task)s was corrected."),
    "input": lambda: _("What %(task)s sends was corrected."),
}


def _specs(data: JsonObject, task: TaskInstance | None, ticket_fields: Json) -> Json:
    """The questions whose answers were changed; None where there are none."""
    if data.get("what") == "output" and task is not None:
        return task.definition.fields if task.definition.is_form else []
    return ticket_fields if data.get("what") == "ticket" else []


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _next(data: JsonObject, titles: Mapping[str, str]) -> str:
    keys = data.get("next_tasks")
    names = [titles.get(str(key), str(key)) for key in keys] if isinstance(keys, list) else []
    return ", ".join(names) or _("the end")


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


def _output(data: JsonObject, task: TaskInstance) -> list[Shown]:
    """As it was then: it may have been corrected since."""
    return show_answers(task.definition.fields, _object(data.get("output", task.output_data)))


def _documents(task: TaskInstance) -> list[tuple[str, str]]:
    return [(_("What was sent"), pretty(task.input_data))] if task.input_data is not None else []
