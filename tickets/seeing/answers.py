"""Which answers to the questions of tasks a person may see of a ticket.

The team sees all. Whoever submitted the ticket sees the answers to the questions that say so
(`seen_by`): as they count now, of the version of the workflow on which the ticket runs. What came
of calls, what has no question, and what stood there before a correction is the team's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tenants.models import User
from tickets.models import Ticket
from tickets.models.assistant_offer import answered_by
from tickets.seeing.hidden import hidden_tasks
from tickets.seeing.rounds import Rounds, in_rounds, newest_visits
from tickets.seeing.viewer import Viewer, viewer_of
from workflows.bundles.outline.shown_outputs import times_in
from workflows.bundles.outline.step_outputs import output_specs
from workflows.bundles.outline.subtickets import output_specs_of_subticket
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.approvals import answers_of_vote, vote_key
from workflows.engine.steps.assigning import Who
from workflows.engine.task_types import BLOCK_TYPES, MESSAGE_TYPES, WAIT_TYPES
from workflows.fields.answers.uploads import uploads_in
from workflows.forms import (
    Shown,
    answered_for_requester,
    show_answers,
    show_answers_for_requester,
)
from workflows.layouts.columns import layouts_of
from workflows.layouts.given import Layout, display_layout, layout_data
from workflows.layouts.on_page import MOST_FRAMES
from workflows.models import TaskDefinition, TaskInstance, TaskStatus
from workflows.models.task_instance import ALIVE, TaskInstanceQuerySet
from workflows.running.definition_cache import definition_of
from workflows.running.due_dates import outputs_for

# So many tasks with their answers are told a program or an assistant at once.
MOST_ANSWERED: Final = 100


@dataclass(frozen=True, slots=True)
class TaskAnswers:
    """What came of a task, as far as it may be seen. `task` is the visit, for the team only."""

    definition: TaskDefinition
    answers: list[Shown]
    task: TaskInstance | None = None
    layout: Layout | None = None
    # What the assistant is called that has answered, or suggested it.
    assistant: str = ""


def visible_answers(
    person: object, ticket: Ticket, *, before: TaskInstance | None = None
) -> tuple[list[TaskAnswers], bool]:
    """As `answers_in_rounds`, without the rounds: the last one first, and whether there are more.

    The newest MOST_ANSWERED.
    """
    found = answers_in_rounds(person, ticket, before=before)
    last = found.last[-MOST_ANSWERED:]
    told = [*last, *found.earlier[: MOST_ANSWERED - len(last)]]
    return told, found.left_out > 0 or len(told) < len(found.last) + len(found.earlier)


def answers_in_rounds(
    person: object, ticket: Ticket, *, before: TaskInstance | None = None
) -> Rounds[TaskAnswers]:
    """The answers with their questions that this person may see of the ticket.

    Fetch the ticket with its workflow instance. One query besides those of `viewer_of` for the
    team, which sees the visits of each task that is done (`before`: those made before this one)
    and that no block hides; none for the requester. In a block see `hidden_tasks`, too.
    """
    viewer = viewer_of(person, ticket, task=before)
    if viewer is Viewer.TEAM:
        hidden: frozenset[int] = frozenset()
        if isinstance(person, User):
            hidden = hidden_tasks(person, ticket, assisting=before if person.is_account else None)
        return _answers_of_visits(ticket, before, hidden)
    return Rounds(answers_for_requester(ticket) if viewer is Viewer.REQUESTER else [])


def answers_for_requester(ticket: Ticket) -> list[TaskAnswers]:
    """What the requester sees of what came of the tasks, in the order of the workflow's tasks.

    Whoever is of the team, too, is shown no more by it. No query: fetch the ticket with its
    workflow instance.
    """
    found = []
    for definition, output in outputs_now(ticket):
        answers = shown_output(definition, output, viewer=Viewer.REQUESTER)
        if answers:
            layout = output_layout(definition, output, viewer=Viewer.REQUESTER)
            found.append(TaskAnswers(definition, answers, layout=layout))
    return found


def submitted_answers(ticket: Ticket) -> list[Shown]:
    """What was submitted: whoever sees the ticket sees it. No query: fetch it with its workflow."""
    return show_answers(ticket.workflow.fields, ticket.data)


def submitted_layout(ticket: Ticket) -> Layout | None:
    """What draws what was submitted: the layout of the ticket type, else that of the workflow."""
    source = ticket.definition.display_layout or ticket.workflow.display_layout
    return display_layout(source, ticket.workflow.fields, ticket.data)


def submitted_about(ticket: Ticket) -> JsonObject:
    """What was submitted, for the layout of a task's form: what `submitted_answers` shows."""
    return layout_data(ticket.workflow.fields, ticket.data)


def output_layout(definition: TaskDefinition, output: Json, *, viewer: Viewer) -> Layout | None:
    """What draws one output of a task, with the answers of `shown_output` and no others."""
    if not definition.display_layout or not isinstance(output, dict):
        return None
    if viewer is Viewer.TEAM:
        return display_layout(definition.display_layout, definition.fields, output)
    if viewer is not Viewer.REQUESTER or not definition.is_form:
        return None
    names = {each.name for each in answered_for_requester(definition.fields, output)}
    return display_layout(definition.display_layout, definition.fields, output, only=names)


def shown_output(definition: TaskDefinition, output: Json, *, viewer: Viewer) -> list[Shown]:
    """What this viewer sees of one output of a task. Never raises, whatever it holds."""
    specs = definition.fields
    if definition.is_at_once:
        table = {"task_type": definition.task_type, "table": definition.table}
        specs = output_specs(table) or times_in(output)
    elif definition.is_subticket:
        specs = output_specs_of_subticket()
    return shown_answers(specs, output, viewer=viewer, is_form=definition.is_form)


def answers_of_contact(definition: TaskDefinition, output: Json) -> list[Shown]:
    """What somebody outside has answered in a form, for themselves."""
    return show_answers(definition.fields, output if isinstance(output, dict) else {})


def shown_answers(
    specs: object, output: Json, *, viewer: Viewer, is_form: bool = True
) -> list[Shown]:
    """As `shown_output`, of the questions of a form."""
    data = output if isinstance(output, dict) else {}
    if viewer is Viewer.TEAM:
        return show_answers(specs, data)
    if viewer is not Viewer.REQUESTER or not is_form:
        return []
    return show_answers_for_requester(specs, data)


def uploads_for_requester(ticket: Ticket) -> set[UUID]:
    """The keys of the files that the requester sees: what was submitted, and such answers.

    With those that a task which they have shows them. No query but where a task of the workflow is
    for the requester and shows answers of others: fetch the ticket with its workflow, too.
    """
    found = uploads_in(objects_in(ticket.workflow.fields), ticket.data)
    keys: set[UUID] = set().union(*found.values())
    for definition, output in outputs_now(ticket):
        if definition.is_form:
            names = {each.name for each in answered_for_requester(definition.fields, output)}
            seen = [each for each in objects_in(definition.fields) if each.get("name") in names]
            keys = keys.union(*uploads_in(seen, output).values())
    return keys.union(*_uploads_shown_now(ticket))


def _uploads_shown_now(ticket: Ticket) -> Iterator[frozenset[UUID]]:
    """The files among the earlier answers that the requester's own task shows now."""
    instance = ticket.workflow_instance
    if instance is None or instance.current_task_id is None:
        return
    known = definition_of(instance.workflow_id)
    showing = {
        pk: task.shows_again
        for pk, task in known.tasks_by_id.items()
        if task.rule.who is Who.REQUESTER and any(each.task for each in task.shows_again)
    }
    if not showing:
        return
    own = TaskInstance.objects.filter(
        workflow_instance=instance,
        assigned_to=ticket.created_by_id,
        status__in=ALIVE,
        definition__in=list(showing),
    )
    for doing in own.select_related("path__block_task__path"):
        outputs = outputs_for(doing, instance.data)
        for edit in showing[doing.definition_id]:
            task, output = known.tasks.get(edit.task), outputs.get(edit.task)
            if task is not None and isinstance(output, dict):
                specs = [each for each in objects_in(task.fields) if each.get("name") == edit.field]
                yield from uploads_in(specs, output).values()


def outputs_now(ticket: Ticket) -> Iterator[tuple[TaskDefinition, JsonObject]]:
    """The output of each task that counts now, whoever may see it. No query, as above."""
    instance = ticket.workflow_instance
    if instance is None or not isinstance(instance.data, dict):
        return
    yield from outputs_in(definition_of(instance.workflow_id).tasks, instance.data)


def outputs_in(
    tasks: Mapping[str, TaskDefinition], data: JsonObject
) -> Iterator[tuple[TaskDefinition, JsonObject]]:
    """The outputs in what an instance or a block has brought, in the order of the workflow's tasks.

    Of a block that had a branch for each item of a list those of each item, and of an approval
    each vote.
    """
    for key, definition in tasks.items():
        output = data.get(key)
        if not isinstance(output, dict):
            continue
        if definition.type.is_approval:
            vote = tasks.get(vote_key(key))
            for each in objects_in(output.get("votes")):
                if vote is not None:
                    yield vote, answers_of_vote(each)
        elif definition.is_block:
            for item in objects_in(output.get("items")):
                yield from outputs_in(tasks, item)
        else:
            yield definition, output


def outputs_of_visits(instances: Collection[int]) -> TaskInstanceQuerySet:
    """The visits of the tasks of these workflow instances of which something came: the team's.

    Without blocks: what they bring is what the tasks in them have; and without what brings nothing.
    """
    without = [*BLOCK_TYPES, *WAIT_TYPES, *MESSAGE_TYPES]
    return (
        TaskInstance.objects.exclude(definition__task_type__in=without)
        .filter(
            workflow_instance__in=instances,
            status__in=(TaskStatus.COMPLETED, TaskStatus.ERROR),
            output_data__isnull=False,
        )
        .select_related("definition")
        .defer(*layouts_of("definition"))
    )


def _answers_of_visits(
    ticket: Ticket, before: TaskInstance | None, hidden: Collection[int]
) -> Rounds[TaskAnswers]:
    instance = ticket.workflow_instance
    if instance is None:
        return Rounds()
    tasks = outputs_of_visits([instance.pk])
    if before is not None:
        tasks = tasks.filter(pk__lt=before.pk)
    if hidden:
        tasks = tasks.exclude(pk__in=hidden)
    newest, left_out = newest_visits(tasks.select_related("assigned_to", "assistant_offer"))
    rounds = in_rounds(newest, lambda each: each, instance, left_out=left_out)
    drawn = 0

    def shown(task: TaskInstance) -> TaskAnswers:
        nonlocal drawn
        layout = None
        if drawn < MOST_FRAMES:
            definition = _with_layouts(task, instance.workflow_id)
            layout = output_layout(definition, task.output_data, viewer=Viewer.TEAM)
            drawn += layout is not None
        answers = shown_output(task.definition, task.output_data, viewer=Viewer.TEAM)
        return TaskAnswers(task.definition, answers, task, layout, answered_by(task))

    return Rounds([*map(shown, rounds.last)], [*map(shown, rounds.earlier)], left_out)


def _with_layouts(task: TaskInstance, workflow_id: int) -> TaskDefinition:
    """The definition of a visit with the sources, which its row was read without."""
    pk = task.definition_id
    if pk not in (known := definition_of(workflow_id).tasks_by_id):
        # The ticket was moved: this visit is of another version.
        known = definition_of(task.definition.workflow_id).tasks_by_id
    return known[pk]
