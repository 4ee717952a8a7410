"""Definitions as people read them: fields, tasks and transitions as rows of tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from tenants.refusals import refusals
from workflows.authoring.definitions.export_bundle import messages_of_row
from workflows.bundles.checks.comparisons import variable_name
from workflows.bundles.outline.approvals import approval_labels
from workflows.bundles.outline.blocks import block_labels
from workflows.bundles.outline.failure_fields import failure_labels
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import done_labels, output_labels
from workflows.bundles.outline.subtickets import subticket_labels
from workflows.bundles.telling.approvals import approval_in_words, approvers_in_words
from workflows.bundles.telling.assignments import assignment_in_words
from workflows.bundles.telling.blocks import branches_in_words
from workflows.bundles.telling.describe_changes import field_labels
from workflows.bundles.telling.edits import edits_in_words
from workflows.bundles.telling.messages import recipient_in_words, recipients_in_words
from workflows.bundles.telling.subtickets import starts_in_words
from workflows.bundles.telling.times import reminders_in_words, times_note
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.conditions.sentence import (
    choice_labels,
    describe_condition,
    describe_formula,
)
from workflows.engine.conditions.text import Names, write_expression
from workflows.engine.errors import FieldError
from workflows.engine.problems import quoted
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.compiling import is_empty
from workflows.engine.schemas.json_schema import is_web_address
from workflows.engine.steps.approvals import Approvers
from workflows.engine.steps.messages import MessageSpec
from workflows.engine.tables.decision_table import Hit
from workflows.fields.field import Field, SeenBy
from workflows.fields.kept_people import addresses_of, part_of_document
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
    answered_in_words,
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
    mails: Sequence[MailCard] = ()


@dataclass(frozen=True, slots=True)
class MailCard:
    """A mail: to whom, and what it says."""

    to: str
    subject: str
    text: str
    files: str = ""


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task with its form or its call, and the transitions that lead on from it."""

    task: TaskDefinition
    fields: FieldTable
    call: Sequence[tuple[str, str]]
    documents: Sequence[tuple[str, str]]
    # Where the company role does not say all of it.
    given_to: str
    shows_again: str
    leads_to: Sequence[TransitionRow]
    reminders: Sequence[str] = ()
    # The same in one short line.
    reminder_times: str = ""
    # Of a step that the engine does itself.
    values: Sequence[tuple[str, str]] = ()
    table: TableCard | None = None


@dataclass(frozen=True, slots=True)
class TableCard:
    """A decision table: each input with what it reads, and the rows as people write them.

    `default` has the results where no row fits; None: there are none. `hit` says which row counts.
    """

    inputs: Sequence[tuple[str, str]]
    outputs: Sequence[str]
    rows: Sequence[TableCardRow]
    hit: str
    default: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class TableCardRow:
    when: Sequence[str]
    then: Sequence[str]
    note: str


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
    yield from _formulas(field, labels)
    if not is_empty(field.visible_when):
        condition = describe_condition(field.visible_when, labels)
        yield _("Asked only when %(condition)s") % {"condition": condition}
    if field.seen_by is SeenBy.REQUESTER:
        yield _("Whoever submitted the ticket sees the answer")
    if field.listed:
        yield _("Shown in lists")


def _formulas(field: Field, labels: Mapping[str, str]) -> Iterable[str]:
    if field.is_computed:
        formula = describe_formula(field.computed, labels)
        yield _("Calculated: %(formula)s") % {"formula": formula}
    if field.default_rule is not None:
        formula = describe_formula(field.default_rule, labels)
        yield _("Beforehand: %(value)s") % {"value": formula}
    if field.required_when is not None:
        condition = describe_condition(field.required_when, labels)
        yield _("Required when %(condition)s") % {"condition": condition}
    limits: dict[str, str] = {
        "min": field.type.at_least,
        "max": field.type.at_most,
        "more_than": gettext_noop("More than %(limit)s"),
        "less_than": gettext_noop("Less than %(limit)s"),
    }
    for key, rule in field.limit_rules.items():
        yield _(limits[key]) % {"limit": describe_formula(rule, labels)}
    for check in field.checks:
        words = {
            "condition": describe_condition(check.condition, labels),
            "message": check.message,
        }
        yield _("Checked: %(condition)s. Otherwise: %(message)s") % words


def condition_labels(workflow: WorkflowDefinition) -> dict[str, str]:
    """What the variables of the workflow's conditions are called on its forms."""
    tasks = list(workflow.tasks.all())
    outline = _outline_of(workflow, tasks)
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


def _outline_of(workflow: WorkflowDefinition, tasks: Iterable[TaskDefinition]) -> Outline:
    """As much of the workflow as says what can be read of its blocks."""
    names = ("key", "title", "task_type", "fields", "branch", "branches", "for_each")
    rows: list[Json] = [{name: getattr(task, name) for name in names} for task in tasks]
    return Outline({"workflow": {"fields": workflow.fields}, "tasks": rows})


def transition_rows(
    transitions: Iterable[Transition], labels: Mapping[str, str]
) -> list[TransitionRow]:
    """In the order in which they are tried."""
    rows = sorted(transitions, key=lambda each: each.priority)
    mails = MailsOfWays(rows, labels)
    return [_transition_row(each, labels, mails) for each in rows]


class MailsOfWays:
    """What is said of the mails of transitions that are kept.

    A query where they name people, and one where they name company roles.
    """

    def __init__(self, transitions: Iterable[Transition], labels: Mapping[str, str]) -> None:
        sending = [each for each in transitions if each.messages]
        self.files = labels
        self.roles = roles_of_reminders(each.messages for each in sending)
        self.people = addresses_of(sending)
        tasks = sending[0].workflow.tasks.all() if sending else ()
        titles = {f"tasks.{each.key}": each.title for each in tasks}
        self.labels = {**titles, **_quoted(labels)}

    @classmethod
    def of_workflow(cls, workflow: WorkflowDefinition, labels: Mapping[str, str]) -> Self:
        return cls(workflow.transitions.all(), labels)

    def recipients(self, kept: Json) -> str:
        return recipients_in_words(self._said(kept), self.labels)

    def cards(self, kept: Json) -> list[MailCard]:
        return [self._card(each) for each in objects_in(self._said(kept))]

    def _said(self, kept: Json) -> Json:
        return messages_of_row(kept, self.roles, self.people)

    def _card(self, said: JsonObject) -> MailCard:
        spec = MessageSpec.of(said)
        return MailCard(
            to=recipient_in_words(said, str(spec.role), self.labels),
            subject=spec.subject,
            text=spec.text,
            files=", ".join(self.files.get(each, each) for each in spec.files),
        )


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


def task_cards(workflow: WorkflowDefinition, labels: Mapping[str, str]) -> list[TaskCard]:
    """The tasks of a workflow that `with_tasks_and_transitions` has fetched."""
    transitions, tasks = list(workflow.transitions.all()), list(workflow.tasks.all())
    people = addresses_of(tasks)
    return [
        task_card(
            task, [each for each in transitions if each.from_task_id == task.pk], labels, people
        )
        for task in tasks
        if not task.is_vote
    ]


def task_card(
    task: TaskDefinition,
    transitions: Iterable[Transition],
    labels: Mapping[str, str],
    people: Mapping[int, str] | None = None,
) -> TaskCard:
    """`people` are the addresses of whoever its rule names; None: they are looked up."""
    if people is None:
        people = addresses_of([task])
    return TaskCard(
        task=task,
        fields=field_table(task.fields, field_labels(task.fields))
        if not task.is_call
        else FieldTable(),
        call=(
            *(_call(task) if task.is_call else ()),
            *_of_subticket(task),
            *_due(task, labels),
            *_of_block(task, labels, people),
            *_mail(task, labels, people),
        ),
        documents=tuple(_documents(task)) if task.is_call or task.is_subticket else (),
        given_to=given_to(task, labels, people),
        shows_again=edits_in_words(task.edits, labels) if task.shows_again else "",
        leads_to=transition_rows(transitions, labels),
        values=tuple(_values(task)) if task.is_at_once else (),
        table=_table(task, labels) if task.is_at_once else None,
        reminders=tuple(_reminders(task, labels)),
        reminder_times=times_note(task.reminders, labels)
        or _wait(task, labels)
        or _started_type(task),
    )


def _values(task: TaskDefinition) -> Iterable[tuple[str, str]]:
    for name, rule in task.values.items() if isinstance(task.values, dict) else ():
        yield name, _formula(rule, task)


def _formula(rule: Json, task: TaskDefinition) -> str:
    """As people write it; as JSON where that language cannot say it."""
    keys = [each.key for each in task.workflow.tasks.all()]
    return write_expression(rule, names=Names(keys)) or pretty(rule)


def _table(task: TaskDefinition, labels: Mapping[str, str]) -> TableCard | None:
    """The table, whatever a draft contains."""
    table = task.table
    if not isinstance(table, dict):
        return None
    inputs, outputs = objects_in(table.get("inputs")), objects_in(table.get("outputs"))
    default = table.get("default")
    is_first = Hit.named(table.get("hit")) is Hit.FIRST
    return TableCard(
        inputs=[(_title(each), _formula(each.get("value"), task)) for each in inputs],
        outputs=[_title(each) for each in outputs],
        rows=[
            TableCardRow(
                _named_cells(each.get("when"), inputs, labels),
                _cells(each.get("then"), len(outputs)),
                str(each.get("note") or ""),
            )
            for each in objects_in(table.get("rows"))
        ],
        hit=_("The first row that fits counts.") if is_first else _("Every row that fits counts."),
        default=[_in_words(default.get(str(each.get("name")), "")) for each in outputs]
        if isinstance(default, dict)
        else None,
    )


def _title(column: JsonObject) -> str:
    return str(column.get("label") or column.get("name") or "")


def _named_cells(given: Json, inputs: Sequence[JsonObject], labels: Mapping[str, str]) -> list[str]:
    """The cells of a row, with what choices are called in the place of their values."""
    cells = _cells(given, len(inputs), nothing=_("any"))
    return [
        _named_cell(cell, variable_name(column.get("value")), labels)
        for cell, column in zip(cells, inputs, strict=False)
    ]


def _named_cell(cell: str, path: str, labels: Mapping[str, str]) -> str:
    begin, names = ("not ", cell[4:]) if cell.startswith("not ") else ("", cell)
    parts = [each.strip() for each in names.split(",")]
    return begin + ", ".join(labels.get(f"{path} = {each}", each) for each in parts)


def _cells(given: Json, count: int, nothing: str = "") -> list[str]:
    cells = given if isinstance(given, list) else []
    shown = [nothing if each in (None, "") else _in_words(each) for each in cells]
    return [*shown, *([nothing] * (count - len(shown)))]


def given_to(
    task: TaskDefinition, labels: Mapping[str, str], people: Mapping[int, str] | None = None
) -> str:
    """Whom the task's own rule gives it to, in words; empty where it has none."""
    role = "" if task.candidate_role is None else task.candidate_role.name
    if people is None:
        people = addresses_of([task])
    if task.type.is_approval:
        return approvers_in_words(_approval_said(task, people), labels)
    if task.sends_message and task.message:
        titles = {f"tasks.{each.key}": each.title for each in task.workflow.tasks.all()}
        message = part_of_document("message", task.message, people)
        who = recipient_in_words(message, role, {**titles, **_quoted(labels)})
        return _("to %(to)s") % {"to": who}
    if not task.assign_to or not task.is_form:
        return ""
    titles = {f"tasks.{each.key}": each.title for each in task.workflow.tasks.all()}
    rule = part_of_document("assign_to", task.assign_to, people)
    return assignment_in_words(rule, role, {**titles, **_quoted(labels)})


def _quoted(labels: Mapping[str, str]) -> dict[str, str]:
    """What questions are called, as it stands inside a sentence."""
    return {name: quoted(label) for name, label in labels.items()}


def _due(task: TaskDefinition, labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    if task.wait and task.is_wait:
        said = wait_in_words(task.wait, labels)
        if task.answered_by:
            said = f"{said}, {answered_in_words(task.answered_by, _quoted(labels))}"
        yield _("Waits"), said
    if task.due_in:
        is_time = is_counted_from_start(task.due_in)
        yield _("Due in") if is_time else _("Due"), due_in_words(task.due_in, labels)


def _of_subticket(task: TaskDefinition) -> Iterable[tuple[str, str]]:
    if task.is_subticket:
        yield _("Starts a ticket of the type"), task.ticket_type
        yield _("Waits for its end"), _("yes") if task.wait_for_end else _("no")


def _started_type(task: TaskDefinition) -> str:
    return starts_in_words(task.ticket_type) if task.is_subticket and task.ticket_type else ""


def _wait(task: TaskDefinition, labels: Mapping[str, str]) -> str:
    return wait_in_words(task.wait, labels) if task.wait and task.is_wait else ""


def _reminders(task: TaskDefinition, labels: Mapping[str, str]) -> Iterable[str]:
    if not task.reminders or not (task.is_form or task.type.is_approval):
        return ()
    named = reminders_with_names(task.reminders, roles_of_reminders([task.reminders]))
    return reminders_in_words(named, labels)


def _of_block(
    task: TaskDefinition, labels: Mapping[str, str], people: Mapping[int, str]
) -> Iterable[tuple[str, str]]:
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
    if task.type.is_approval:
        titles = {f"tasks.{each.key}": each.title for each in task.workflow.tasks.all()}
        lines = approval_in_words(_approval_said(task, people), {**labels, **titles})
        yield _("Approval"), "; ".join(lines)
    elif task.block is not None:
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


def _mail(
    task: TaskDefinition, labels: Mapping[str, str], people: Mapping[int, str]
) -> Iterable[tuple[str, str]]:
    """To whom a step writes, and what."""
    if not task.sends_message or not task.message:
        return
    spec = MessageSpec.of(task.message)
    role = "" if task.candidate_role is None else task.candidate_role.name
    titles = {f"tasks.{each.key}": each.title for each in task.workflow.tasks.all()}
    message = part_of_document("message", task.message, people)
    yield _("Who gets it"), recipient_in_words(message, role, {**titles, **_quoted(labels)})
    yield _("Subject"), spec.subject
    yield _("Text"), spec.text
    if spec.files:
        yield _("Attached"), ", ".join(labels.get(each, each) for each in spec.files)


def _approval_said(task: TaskDefinition, people: Mapping[int, str]) -> JsonObject:
    """An approval as a document says it."""
    role = "" if task.candidate_role is None else task.candidate_role.name
    return {
        "approvers": {Approvers.ROLE.value: role}
        if role
        else part_of_document("approvers", task.approvers, people),
        "needed": task.needed,
        "order": task.order,
        "never": task.never,
        "hide_answers": task.hide_answers,
    }


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
    if task.is_subticket:
        given, kept = _("Answers that the other ticket is given"), _("What is kept of it")
    else:
        given, kept = _("What is sent"), _("What is kept of the answer")
    for title, document in (
        (given, task.input_transform),
        (kept, task.output_transform),
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
