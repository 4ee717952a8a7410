"""What a task changes of earlier answers: judged by their own forms, and written with the task.

The caller has locked the ticket, its workflow instance and the task, as for completing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils import translation

from tenants.models import User
from tickets.editing.errors import AnswersChangedMeanwhileError
from tickets.files.keep_file import claim_files
from tickets.models import Ticket
from tickets.numbering.name_ticket import name_ticket
from workflows.engine.problems import FieldProblem
from workflows.engine.process import JsonObject
from workflows.fields.answers.asked_again import (
    AskedAgain,
    Changed,
    PartOfForm,
    apply_changes,
    asked_again,
    problems_of_changes,
)
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import Facts
from workflows.fields.in_database.look_up import facts_for
from workflows.forms.edits_form import changed_since
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.due_dates import outputs_for
from workflows.running.looking_back.kept_outputs import visit_read
from workflows.running.state_manager import WorkflowStateManager


def earlier_answers(task: TaskInstance, ticket: Ticket) -> tuple[AskedAgain, ...]:
    """What the form of a task of this ticket shows of earlier answers, as they count now.

    In a branch those of its own branch and of what is around it. Nothing is looked up for a task
    that shows none. Fetch the ticket with its type and instance.

    Raises:
        FieldError: one of those forms is wrong.
    """
    edits, instance = task.definition.shows_again, ticket.workflow_instance
    if not edits or instance is None:
        return ()
    known = definition_of(instance.workflow_id)

    def form_of(key: str) -> Validator | None:
        if not key:
            return known.ticket_form({})
        of = known.tasks.get(key)
        return known.task_form(of) if of is not None and of.is_form else None

    def title_of(key: str) -> str:
        return known.tasks[key].title if key else translation.gettext("What was submitted")

    return asked_again(
        edits,
        ticket=ticket.data,
        outputs=outputs_for(task, instance.data),
        form_of=form_of,
        title_of=title_of,
        only_seen=ticket.definition.presets,
    )


def problems_with_changes(asked: Sequence[AskedAgain], changes: JsonObject) -> list[FieldProblem]:
    """What is wrong with changes of earlier answers, {`ticket.amount`: new answer}."""
    return problems_of_changes(asked, changes, _facts_of)


def ensure_nothing_changed_since(
    asked: Sequence[AskedAgain], seen: Mapping[str, str] | None
) -> None:
    """`seen` is what `AskedAgain.state` was when the person looked; None: nobody asks.

    Raises:
        AnswersChangedMeanwhileError: somebody has changed one of these answers since.
    """
    if told := changed_since(asked, seen):
        raise AnswersChangedMeanwhileError(told)


def claim_changed(
    asked: Sequence[AskedAgain], changes: JsonObject, *, ticket: Ticket, user: User
) -> list[Changed]:
    """The answers before and after changes that fit; their new files become the ticket's own.

    Raises:
        UnknownUploadError: they name a file that this person did not upload.
    """
    found = apply_changes(asked, changes, _facts_of)
    for each in found:
        known = definition_of(ticket.workflow_instance.workflow_id)  # type: ignore[union-attr]
        fields = known.tasks[each.task].fields if each.task else known.workflow.fields
        new = {n: v for n, v in each.after.items() if each.before.get(n) != v}
        claim_files(fields, new, ticket=ticket, user=user)
    return found


def write_changed(
    changed: Sequence[Changed],
    *,
    step: TaskInstance,
    ticket: Ticket,
    manager: WorkflowStateManager,
) -> None:
    """Put the new answers in the place of the old ones, with an event for each form."""
    for each in changed:
        if each.task:
            _write_output(each, step, manager)
        else:
            _write_ticket(each, step, ticket, manager)


def _write_output(changed: Changed, step: TaskInstance, manager: WorkflowStateManager) -> None:
    task = visit_read(changed.task, step, manager.positions)
    if task is not None:
        manager.change_output(task, output=changed.after, step=step)


def _write_ticket(
    changed: Changed, step: TaskInstance, ticket: Ticket, manager: WorkflowStateManager
) -> None:
    row = Ticket.objects.only("title", "priority").get(pk=ticket.pk)
    ticket.title, ticket.priority = row.title, row.priority
    ticket.workflow = definition_of(manager.instance.workflow_id).workflow
    ticket.title = _title_after(ticket, changed)
    ticket.data = changed.after
    manager.update_with_next_write(ticket, "data", "title", "updated_at")
    old, new = differences(changed.before, changed.after)
    manager.record_ticket_change(old=old, new=new, step=step)
    rule = ticket.definition.priority_of
    before, after = rule(changed.before), rule(changed.after)
    # One that a person has set stays.
    if after is not before and ticket.priority_level is before:
        ticket.priority = after.stored
        manager.update_with_next_write(ticket, "priority")
        manager.record_priority(old=before, new=after)


def _title_after(ticket: Ticket, changed: Changed) -> str:
    """The title anew where it was made of the answers, in whichever language that was."""
    presets = ticket.definition.presets
    form = definition_of(ticket.workflow.pk).ticket_form({})
    fields = [each for each in form.all_fields if each.name not in presets]
    codes = dict.fromkeys([translation.get_language(), *dict(settings.LANGUAGES)])
    for code in codes:
        with translation.override(code):
            made = name_ticket(definition=ticket.definition, fields=fields, answers=changed.before)
            if made == ticket.title:
                return name_ticket(
                    definition=ticket.definition, fields=fields, answers=changed.after
                )
    return ticket.title


def differences(old: JsonObject, new: JsonObject) -> tuple[JsonObject, JsonObject]:
    """The answers that differ, as they were and as they are."""
    names = {
        name
        for name in {*old, *new}
        if (name in old, old.get(name)) != (name in new, new.get(name))
    }
    return (
        {name: value for name, value in old.items() if name in names},
        {name: value for name, value in new.items() if name in names},
    )


def _facts_of(part: PartOfForm, changes: JsonObject) -> Facts:
    return facts_for(part, {n: v for n, v in changes.items() if v is not None}, kept=part.answers)
