"""The transitions of a workflow in a table, with their conditions in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.authoring.definitions.pages.way_mails import MailCard, MailsOfWays
from workflows.bundles.outline.approvals import approval_labels
from workflows.bundles.outline.blocks import block_labels
from workflows.bundles.outline.failure_fields import failure_labels
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import done_labels, output_labels
from workflows.bundles.outline.subtickets import subticket_labels
from workflows.bundles.telling.describe_changes import field_labels
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.conditions.sentence import choice_labels, describe_condition
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.models import TaskDefinition, Transition, WorkflowDefinition
from workflows.working_hours.durations import after_in_words


@dataclass(frozen=True, slots=True)
class TransitionRow:
    source: str
    target: str
    is_from_start: bool
    is_to_end: bool
    condition: str
    is_always: bool
    label: str
    priority: int
    after: str = ""
    outcome: str = ""
    mails: Sequence[MailCard] = ()


def condition_labels(workflow: WorkflowDefinition) -> dict[str, str]:
    """What the variables of the workflow's conditions are called on its forms."""
    tasks = list(workflow.tasks.all())
    outline = outline_of(workflow, tasks)
    labels = failure_labels() | block_labels(outline) | approval_labels(outline)
    labels |= subticket_labels(outline)
    labels |= field_labels(workflow.fields, "ticket.") | choice_labels(workflow.fields, "ticket.")
    for task in tasks:
        labels |= done_labels(task.key, task.title)
        labels |= choice_labels(task.fields, f"tasks.{task.key}.")
        found = field_labels(task.fields, f"tasks.{task.key}.")
        if task.is_at_once:
            own = output_labels(
                {"task_type": task.task_type, "values": task.values, "table": task.table}
            )
            found |= {f"tasks.{task.key}.{name}": label for name, label in own.items()}
        for name, label in found.items():
            labels[name] = _("%(field)s (%(task)s)") % {"field": label, "task": task.title}
    return labels


def outline_of(workflow: WorkflowDefinition, tasks: Iterable[TaskDefinition]) -> Outline:
    """As much of the workflow as says what can be read of its blocks."""
    names = ("key", "title", "task_type", "fields", "branch", "branches", "for_each")
    rows: list[Json] = [{name: getattr(task, name) for name in names} for task in tasks]
    return Outline({"workflow": {"fields": workflow.fields}, "tasks": rows})


def transition_rows(
    transitions: Iterable[Transition],
    labels: Mapping[str, str],
    mails: MailsOfWays | None = None,
) -> list[TransitionRow]:
    """In the order in which they are tried. `mails` knows those of all of them, or more."""
    rows = sorted(transitions, key=lambda each: each.priority)
    mails = mails or MailsOfWays(rows, labels)
    return [_transition_row(each, labels, mails) for each in rows]


def _transition_row(
    transition: Transition, labels: Mapping[str, str], mails: MailsOfWays
) -> TransitionRow:
    source, target = transition.from_task, transition.to_task
    return TransitionRow(
        source=source.title if source else _("Anywhere") if transition.on_cancel else _("Start"),
        target=target.title if target else _end_of(source),
        is_from_start=source is None,
        is_to_end=target is None,
        condition=describe_condition(transition.condition, labels),
        is_always=is_empty(transition.condition),
        label=transition.label,
        priority=transition.priority,
        after=_when(transition, labels),
        outcome=str(OUTCOMES[transition.end_outcome].name) if target is None else "",
        mails=mails.cards(transition.messages),
    )


def _end_of(source: TaskDefinition | None) -> str:
    return _("End of the branch") if source is not None and source.branch else _("End")


def _when(transition: Transition, labels: Mapping[str, str]) -> str:
    """What has to happen, where that is not that the task is completed."""
    if transition.on_failure:
        return _("when the call fails")
    if transition.on_cancel:
        return _("when the ticket is withdrawn or cancelled")
    return after_in_words(transition.after, labels) if transition.after else ""


def all_transitions(workflow: WorkflowDefinition, labels: Mapping[str, str]) -> list[TransitionRow]:
    """From the start first, then task by task, in the order in which they are tried."""
    position = {task.pk: number for number, task in enumerate(workflow.tasks.all(), 1)}
    ordered = sorted(
        workflow.transitions.all(),
        key=lambda each: (position.get(each.from_task_id or 0, 0), each.priority),
    )
    mails = MailsOfWays(ordered, labels)
    return [_transition_row(each, labels, mails) for each in ordered]
