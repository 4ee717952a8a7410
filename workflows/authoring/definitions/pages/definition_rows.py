"""Definitions as people read them: fields, tasks and transitions as rows of tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.refusals import refusals
from workflows.bundles.assignments import assignment_in_words
from workflows.bundles.blocks import block_labels, branches_in_words
from workflows.bundles.describe_changes import field_labels
from workflows.bundles.failure_fields import failure_labels
from workflows.bundles.outline import Outline
from workflows.bundles.times import reminders_in_words, times_note
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.condition_sentence import choice_labels, describe_condition
from workflows.engine.conditions import is_empty
from workflows.engine.errors import FieldError
from workflows.engine.json_schema import is_web_address
from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field, SeenBy
from workflows.fields.kept_roles import (
    reminders_with_names,
    roles_named_in,
    roles_of_reminders,
    with_role_names,
)
from workflows.fields.specs import parse_fields
from workflows.models import TaskDefinition, Transition, WorkflowDefinition
from workflows.working_hours.durations import (
    after_in_words,
    due_in_words,
    is_counted_from_start,
    wait_in_words,
)


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a form. `depth` is 1 for a column of a table of records."""

    name: str
    label: str
    type_name: str
    required: bool
    help: str
    choices: tuple[str, ...]
    rules: tuple[str, ...]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FieldTable:
    """The fields of a form; `problem` says why they cannot be shown, `raw` is what stands there."""

    rows: Sequence[FieldRow] = ()
    problem: str = ""
    raw: str = ""


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


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task with its form or its call, and the transitions that lead on from it."""

    task: TaskDefinition
    fields: FieldTable
    call: Sequence[tuple[str, str]]
    documents: Sequence[tuple[str, str]]
    # Where the company role does not say all of it.
    given_to: str
    leads_to: Sequence[TransitionRow]
    reminders: Sequence[str] = ()
    # The same in one short line.
    reminder_times: str = ""


def field_table(specs: object, labels: Mapping[str, str] | None = None) -> FieldTable:
    """The fields of a form as rows; never raises, whatever a draft contains."""
    specs = _with_role_names(specs)
    with refusals(FieldError) as broken:
        fields = parse_fields(specs)
        names = {**(labels or {}), **choice_labels(specs)}
        return FieldTable(rows=tuple(_field_rows(fields, names, depth=0)))
    return FieldTable(problem=broken.text, raw=pretty(specs))


def _with_role_names(specs: object) -> object:
    if not isinstance(specs, list):
        return specs
    return with_role_names(specs, roles_named_in([specs]))


def _field_rows(
    fields: Iterable[Field], labels: Mapping[str, str], depth: int
) -> Iterable[FieldRow]:
    for field in fields:
        yield FieldRow(
            name=field.name,
            label=field.label,
            type_name=_(field.type.name),
            required=field.required,
            help=field.help,
            choices=tuple(label or value for value, label in field.choices),
            rules=tuple(_rules(field, labels)),
            depth=depth,
        )
        yield from _field_rows(field.fields, labels, depth + 1)


def _rules(field: Field, labels: Mapping[str, str]) -> Iterable[str]:
    if field.minimum is not None:
        yield _(field.type.at_least) % {"limit": field.minimum}
    if field.maximum is not None:
        yield _(field.type.at_most) % {"limit": field.maximum}
    if field.more_than is not None:
        yield _("More than %(limit)s") % {"limit": field.more_than}
    if field.less_than is not None:
        yield _("Less than %(limit)s") % {"limit": field.less_than}
    if field.pattern:
        yield _("Must match %(pattern)s") % {"pattern": field.pattern}
    for own in field.type.own_keys:
        if own.key in field.settings:
            words = {"setting": _(own.label), "value": _in_words(field.settings[own.key])}
            yield _("%(setting)s: %(value)s") % words
    if field.default is not None:
        yield _("Beforehand: %(value)s") % {"value": _in_words(field.default)}
    if not is_empty(field.visible_when):
        condition = describe_condition(field.visible_when, labels)
        yield _("Asked only when %(condition)s") % {"condition": condition}
    if field.seen_by is SeenBy.REQUESTER:
        yield _("Whoever submitted the ticket sees the answer")
    if field.listed:
        yield _("Shown in lists")


def condition_labels(workflow: WorkflowDefinition) -> dict[str, str]:
    """What the variables of the workflow's conditions are called on its forms."""
    tasks = list(workflow.tasks.all())
    labels = failure_labels() | block_labels(_outline_of(workflow, tasks))
    labels |= field_labels(workflow.fields, "ticket.") | choice_labels(workflow.fields, "ticket.")
    for task in tasks:
        labels |= choice_labels(task.fields, f"tasks.{task.key}.")
        for name, label in field_labels(task.fields, f"tasks.{task.key}.").items():
            labels[name] = _("%(field)s (%(task)s)") % {"field": label, "task": task.title}
    return labels


def _outline_of(workflow: WorkflowDefinition, tasks: Iterable[TaskDefinition]) -> Outline:
    """As much of the workflow as says what can be read of its blocks."""
    names = ("key", "title", "task_type", "fields", "branch", "branches", "for_each")
    rows: list[Json] = [{name: getattr(task, name) for name in names} for task in tasks]
    return Outline({"workflow": {"fields": workflow.fields}, "tasks": rows})


def transition_rows(
    transitions: Iterable[Transition], labels: Mapping[str, str]
) -> list[TransitionRow]:
    """In the order in which they are tried."""
    return [
        _transition_row(each, labels)
        for each in sorted(transitions, key=lambda each: each.priority)
    ]


def _transition_row(transition: Transition, labels: Mapping[str, str]) -> TransitionRow:
    source, target = transition.from_task, transition.to_task
    return TransitionRow(
        source=source.title if source else _("Start"),
        target=target.title if target else _end_of(source),
        is_from_start=source is None,
        is_to_end=target is None,
        condition=describe_condition(transition.condition, labels),
        is_always=is_empty(transition.condition),
        label=transition.label,
        priority=transition.priority,
        after=_when(transition, labels),
        outcome=str(OUTCOMES[transition.end_outcome].name) if target is None else "",
    )


def _end_of(source: TaskDefinition | None) -> str:
    return _("End of the branch") if source is not None and source.branch else _("End")


def _when(transition: Transition, labels: Mapping[str, str]) -> str:
    """What has to happen, where that is not that the task is completed."""
    if transition.on_failure:
        return _("when the call fails")
    return after_in_words(transition.after, labels) if transition.after else ""


def all_transitions(workflow: WorkflowDefinition, labels: Mapping[str, str]) -> list[TransitionRow]:
    """From the start first, then task by task, in the order in which they are tried."""
    position = {task.pk: number for number, task in enumerate(workflow.tasks.all(), 1)}
    ordered = sorted(
        workflow.transitions.all(),
        key=lambda each: (position.get(each.from_task_id or 0, 0), each.priority),
    )
    return [_transition_row(each, labels) for each in ordered]


def task_cards(workflow: WorkflowDefinition, labels: Mapping[str, str]) -> list[TaskCard]:
    """The tasks of a workflow that `with_tasks_and_transitions` has fetched."""
    transitions = list(workflow.transitions.all())
    return [
        task_card(task, [each for each in transitions if each.from_task_id == task.pk], labels)
        for task in workflow.tasks.all()
    ]


def task_card(
    task: TaskDefinition, transitions: Iterable[Transition], labels: Mapping[str, str]
) -> TaskCard:
    return TaskCard(
        task=task,
        fields=field_table(task.fields, field_labels(task.fields))
        if task.is_form
        else FieldTable(),
        call=(
            *(_call(task) if task.is_call else ()),
            *_due(task, labels),
            *_of_block(task, labels),
        ),
        documents=tuple(_documents(task)) if task.is_call else (),
        given_to=given_to(task, labels) if task.assign_to and task.is_form else "",
        leads_to=transition_rows(transitions, labels),
        reminders=tuple(_reminders(task, labels)),
        reminder_times=times_note(task.reminders, labels) or _wait(task, labels),
    )


def given_to(task: TaskDefinition, labels: Mapping[str, str]) -> str:
    """Whom the task's own rule gives it to, in words."""
    role = "" if task.candidate_role is None else task.candidate_role.name
    titles = {f"tasks.{each.key}": each.title for each in task.workflow.tasks.all()}
    return assignment_in_words(task.assign_to, role, {**titles, **labels})


def _due(task: TaskDefinition, labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    if task.wait and task.is_wait:
        yield _("Waits"), wait_in_words(task.wait, labels)
    if task.due_in:
        is_time = is_counted_from_start(task.due_in)
        yield _("Due in") if is_time else _("Due"), due_in_words(task.due_in, labels)


def _wait(task: TaskDefinition, labels: Mapping[str, str]) -> str:
    return wait_in_words(task.wait, labels) if task.wait and task.is_wait else ""


def _reminders(task: TaskDefinition, labels: Mapping[str, str]) -> Iterable[str]:
    if not task.reminders or not task.is_form:
        return ()
    named = reminders_with_names(task.reminders, roles_of_reminders([task.reminders]))
    return reminders_in_words(named, labels)


def _of_block(task: TaskDefinition, labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Where it stands, and what it holds if it is a block."""
    if task.branch:
        outline = _outline_of(task.workflow, task.workflow.tasks.all())
        branch = outline.branches.get(task.branch)
        if branch is not None:
            words = {
                "branch": branch.entry.text("title"),
                "block": outline.title_of(branch.block),
            }
            yield _("Stands in"), _("“%(branch)s” of %(block)s") % words
    if task.block is not None:
        said: JsonObject = {
            "branches": task.branches,
            "ends_when": task.ends_when,
            "for_each": task.for_each,
            "order": task.order,
            "most": task.most,
            "hide_answers": task.hide_answers,
        }
        titles = {each.key: each.title for each in task.workflow.tasks.all()}
        yield _("Branches"), "; ".join(branches_in_words(said, labels, titles))


def _call(task: TaskDefinition) -> Iterable[tuple[str, str]]:
    yield _("Address"), task.action_url
    yield (
        _("Longest wait"),
        ngettext("%(seconds)s second", "%(seconds)s seconds", task.timeout_seconds)
        % {"seconds": task.timeout_seconds},
    )
    yield (
        _("Tries again"),
        ngettext("up to %(count)s time", "up to %(count)s times", task.retries)
        % {"count": task.retries},
    )


def _documents(task: TaskDefinition) -> Iterable[tuple[str, str]]:
    for title, document in (
        (_("What is sent"), task.input_transform),
        (_("What is kept of the answer"), task.output_transform),
        (_("Schema of what is sent"), task.input_schema),
        (_("Schema of the output"), task.output_schema),
    ):
        if document not in (None, {}, ""):
            yield title, pretty(document)


def pretty(document: object) -> str:
    """JSON to be read by people; what is no JSON comes as text."""
    try:
        return json.dumps(document, ensure_ascii=False, indent=2)
    except (TypeError, ValueError, RecursionError):
        return str(document)


def _in_words(value: Json, limit: int = 200) -> str:
    """A value as it can stand in a sentence."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        text = ", ".join(str(each) for each in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Truncator(text).chars(limit)


@dataclass(frozen=True, slots=True)
class Reference:
    label: str
    description: str
    uri: str


def references(ext_ref: object) -> list[Reference]:
    """External references; `uri` is empty where it is not an address of the web."""
    if not isinstance(ext_ref, list):
        return []
    return [_reference(each) for each in ext_ref if isinstance(each, dict)]


def _reference(each: Mapping[str, object]) -> Reference:
    uri = str(each.get("uri") or "")
    return Reference(
        label=str(each.get("label") or uri),
        description=str(each.get("description") or ""),
        uri=uri if is_web_address(uri) else "",
    )
