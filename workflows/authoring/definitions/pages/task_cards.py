"""What the page of a workflow shows of each task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.authoring.definitions.pages.field_rows import FieldTable, field_table
from workflows.authoring.definitions.pages.in_words import in_words, pretty
from workflows.authoring.definitions.pages.transition_rows import (
    TransitionRow,
    outline_of,
    transition_rows,
)
from workflows.authoring.definitions.pages.way_mails import MailsOfWays
from workflows.bundles.outline.kinds import variable_name
from workflows.bundles.telling.approvals import approval_in_words, approvers_in_words
from workflows.bundles.telling.assignments import assignment_in_words
from workflows.bundles.telling.assistants import assistance_in_words
from workflows.bundles.telling.blocks import branches_in_words
from workflows.bundles.telling.describe_changes import field_labels
from workflows.bundles.telling.edits import edits_in_words
from workflows.bundles.telling.messages import recipient_in_words
from workflows.bundles.telling.subtickets import starts_in_words
from workflows.bundles.telling.times import reminders_in_words, times_note
from workflows.engine.conditions.text import Names, write_expression
from workflows.engine.problems import quoted
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.approvals import Approvers
from workflows.engine.steps.messages import MessageSpec
from workflows.engine.tables.decision_table import Hit
from workflows.fields.in_database.kept_people import addresses_of, part_of_document
from workflows.fields.in_database.kept_roles import reminders_with_names, roles_of_reminders
from workflows.models import TaskDefinition, Transition, WorkflowDefinition
from workflows.working_hours.durations import (
    answered_in_words,
    due_in_words,
    is_counted_from_start,
    wait_in_words,
)


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task with its form or its call, and the transitions that lead on from it."""

    task: TaskDefinition
    fields: FieldTable
    call: Sequence[tuple[str, str]]
    documents: Sequence[tuple[str, str]]
    # Where the company role does not say all of it.
    given_to: str
    assistant: str
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


def task_cards(workflow: WorkflowDefinition, labels: Mapping[str, str]) -> list[TaskCard]:
    """The tasks of a workflow that `with_tasks_and_transitions` has fetched."""
    transitions, tasks = list(workflow.transitions.all()), list(workflow.tasks.all())
    people, mails = addresses_of(tasks), MailsOfWays(transitions, labels)
    return [
        task_card(
            task,
            [each for each in transitions if each.from_task_id == task.pk],
            labels,
            people,
            mails,
        )
        for task in tasks
        if not task.is_vote
    ]


def task_card(
    task: TaskDefinition,
    transitions: Iterable[Transition],
    labels: Mapping[str, str],
    people: Mapping[int, str] | None = None,
    mails: MailsOfWays | None = None,
) -> TaskCard:
    """`people` are the addresses of whoever its rule names, `mails` what its transitions send;
    None: they are looked up.
    """
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
        assistant=assistance_in_words(task.assistant) if task.assistance else "",
        shows_again=edits_in_words(task.edits, labels) if task.shows_again else "",
        leads_to=transition_rows(transitions, labels, mails),
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
        default=[in_words(default.get(str(each.get("name")), "")) for each in outputs]
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
    shown = [nothing if each in (None, "") else in_words(each) for each in cells]
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
    named = part_of_document("reminders", named, addresses_of([task]))
    return reminders_in_words(named, labels)


def _of_block(
    task: TaskDefinition, labels: Mapping[str, str], people: Mapping[int, str]
) -> Iterable[tuple[str, str]]:
    """Where it stands, and what it holds if it is a block."""
    if task.branch:
        outline = outline_of(task.workflow, task.workflow.tasks.all())
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
