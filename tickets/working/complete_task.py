from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from tenants.audit.acting import through_of
from tenants.connection import current_schema
from tenants.database.sequences import align_sequences, is_taken_id
from tenants.errors import TicketFlowerError
from tenants.fast.prepared import is_commit_unknown
from tenants.models import User
from tenants.observing.log_context import note
from tickets.advancing.failed_step import UNREACHABLE
from tickets.advancing.lock_task import lock_workable
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.set_timers import follow_dates
from tickets.advancing.take_step import errors_as_step_failed, take_step
from tickets.editing.change_answers import (
    claim_changed,
    earlier_answers,
    ensure_nothing_changed_since,
    problems_with_changes,
    write_changed,
)
from tickets.editing.kept_changes import kept_changes
from tickets.files.keep_file import claim_files, unclaim_files
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.models import Ticket
from tickets.models.assistant_offer import offer_of
from tickets.working.errors import CompletionFailedError
from tickets.working.keep_completion import keep_completion
from workflows.engine.process import JsonObject, objects_in
from workflows.engine.steps.edits import owner_of
from workflows.errors import InvalidDataError, TaskNotWorkableError
from workflows.fields.answers.asked_again import AskedAgain, Changed
from workflows.fields.answers.uploads import uploads_in
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TaskInstance, TaskStatus
from workflows.running.definition_cache import definition_of
from workflows.running.state_manager import WorkflowStateManager

logger = logging.getLogger(__name__)

# Called with the locks, before the answers are checked: what it raises undoes all of it.
type UnderLocks = Callable[[WorkflowStateManager, TaskInstance], None]

# By statements that begin after the locks are held: `lock_workable` itself does not see what was
# saved while it waited for them.
_FORGET_SAVED_ANSWERS = (
    """
    DELETE FROM tickets_savedanswers_files WHERE savedanswers_id IN (
        SELECT id FROM tickets_savedanswers WHERE task_id = %s AND user_id = %s)
    """,
    "DELETE FROM tickets_savedanswers WHERE task_id = %s AND user_id = %s",
)
# Of an earlier try, whose task could not even be put into error: see `keep_completion`.
_RESOLVE_ERRORS = """
    UPDATE tickets_ticketerror
       SET status = 'RESOLVED', resolution_notes = %s::text, updated_at = %s
     WHERE task_id = %s AND NOT is_step_marked AND status IN ('NEW', 'REVIEWED')
"""


def complete_task(
    *,
    task: TaskInstance,
    output: JsonObject,
    user: User,
    changes: JsonObject | None = None,
    seen: Mapping[str, str] | None = None,
    now: datetime | None = None,
    first: UnderLocks | None = None,
) -> None:
    """Complete a FORM task with its output and take the workflow's next step, in one transaction.

    `changes` are those of earlier answers, where the task shows some: {`ticket.amount`: new
    answer}, null for one that is emptied; what is not among them stays. `seen` is what
    `AskedAgain.state` was when the person looked at them. `first` is called under the locks, maybe
    twice.

    Of two who complete the same task, one wins and the other is refused. Should the step fail in
    a way that nobody has foreseen, the task is completed all the same, and the workflow moves
    on right after the commit, as `advance_after_commit` says. Where the task itself cannot be
    completed, the output is kept and a ticket error shows it: see `keep_completion`.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or its workflow does not run.
        InvalidDataError: the output does not fit the form, or changes do not fit theirs; it lists
            every problem.
        AnswersChangedMeanwhileError: somebody has changed an earlier answer that was seen.
        UnknownUploadError: the output names a file that this person did not upload.
        CompletionFailedError: it failed in a way that nobody has foreseen, and is kept.
        OperationalError, InterfaceError: the database cannot be reached.
    """
    now = now or timezone.now()
    answers = Answers(output, changes or {}, seen, first)
    try:
        answers = with_files_as_kept(answers, task, user)
        _complete(task, answers, user, now)
    except (TicketFlowerError, *UNREACHABLE):
        raise
    except Exception as error:
        logger.exception("Task %s of %s could not be completed", task.pk, current_schema())
        keep_completion(task=task, output=answers.kept, user=user, error=error, now=now)
        raise CompletionFailedError from error


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person completes a task with; `first` as `complete_task` has it."""

    output: JsonObject
    changes: JsonObject
    seen: Mapping[str, str] | None
    first: UnderLocks | None = None

    @property
    def kept(self) -> JsonObject:
        """As they are kept to be sent again."""
        return {**self.output, **kept_changes(self.changes, self.seen)}


def with_files_as_kept(answers: Answers, task: TaskInstance, user: User) -> Answers:
    """Raises InvalidDataError: whoever acts by a token names a file that a question refuses."""
    if through_of(user.pk) is None:
        return answers
    ticket = Ticket.objects.filter(workflow_instance=task.workflow_instance_id).first()
    own, earlier = _questions_of(task)
    return replace(
        answers,
        output=ensure_uploads_fit([*own], answers.output, user=user, ticket=ticket),
        changes=ensure_uploads_fit([*earlier], answers.changes, user=user, ticket=ticket),
    )


def files_named(answers: Answers, task: TaskInstance) -> frozenset[UUID]:
    """The keys of the files in a task's answers, and in changes of earlier ones."""
    own, earlier = _questions_of(task)
    found = (uploads_in(own, answers.output), uploads_in(earlier, answers.changes))
    return frozenset[UUID]().union(*(keys for each in found for keys in each.values()))


def _questions_of(task: TaskInstance) -> tuple[list[JsonObject], list[JsonObject]]:
    """Those of its form, and every other of the ticket, by the names that changes have."""
    known = definition_of(task.workflow_instance.workflow_id)
    forms = {"": known.workflow.fields, **{key: each.fields for key, each in known.tasks.items()}}
    earlier: list[JsonObject] = [
        {**spec, "name": f"{owner_of(key)}{spec.get('name')}"}
        for key, fields in forms.items()
        for spec in objects_in(fields)
    ]
    return list(objects_in(task.definition.fields)), earlier


def _complete(task: TaskInstance, answers: Answers, user: User, now: datetime) -> None:
    output = answers.output
    try:
        with transaction.atomic():
            manager, locked, ticket, output, changed = _checked(task, answers, user, now)
            note(ticket=ticket.pk, task=locked.pk)
            with errors_as_step_failed():
                with manager.in_one_statement(commits=not changed):
                    write_changed(changed, step=locked, ticket=ticket, manager=manager)
                    manager.complete_task(locked, output=output)
                    take_step(ticket, manager, now=now)
                if changed:
                    follow_dates(ticket.pk, manager)
            return
    except (TicketFlowerError, *UNREACHABLE):
        raise
    except Exception as error:  # of the step, or what the database has refused at the commit
        logger.exception("The step after task %s of %s failed", task.pk, current_schema())
        may_be_done = is_commit_unknown(error)
        if is_taken_id(error):
            align_sequences()
    with transaction.atomic():
        try:
            manager, locked, ticket, output, changed = _checked(task, answers, user, now)
        except TaskNotWorkableError:
            if may_be_done and _is_done(task, user, now):
                return
            raise
        write_changed(changed, step=locked, ticket=ticket, manager=manager)
        manager.complete_task(locked, output=output)
        if changed:
            follow_dates(ticket.pk, manager)
        advance_after_commit(ticket.pk)


def _is_done(task: TaskInstance, user: User, now: datetime) -> bool:
    """Whether it was completed by the commit that the connection was lost with."""
    done = TaskInstance.objects.filter(pk=task.pk, status=TaskStatus.COMPLETED, completed_at=now)
    return done.filter(assigned_to=user).exists()


def _checked(
    task: TaskInstance, answers: Answers, user: User, now: datetime
) -> tuple[WorkflowStateManager, TaskInstance, Ticket, JsonObject, list[Changed]]:
    """The output comes back with what is calculated."""
    manager, locked, ticket = lock_workable(task, user=user, now=now, moves_on=True)
    manager.ensure_workable(locked)
    if answers.first is not None:
        answers.first(manager, locked)
    output, asked = settled(manager, locked, ticket, answers)
    claim_files(locked.definition.fields, output, ticket=ticket, user=user)
    changed = claim_changed(asked, answers.changes, ticket=ticket, user=user) if asked else []
    _let_suggestion_go(locked, ticket, answered=(output, answers.changes))
    for statement in _FORGET_SAVED_ANSWERS:
        manager.execute_with_next_write(statement, locked.pk, user.pk)
    note = gettext("The task was completed after all.")
    manager.execute_with_next_write(_RESOLVE_ERRORS, note, now, locked.pk)
    return manager, locked, ticket, output, changed


def _let_suggestion_go(
    locked: TaskInstance, ticket: Ticket, *, answered: tuple[JsonObject, JsonObject]
) -> None:
    """Files that an assistant has suggested, and that the person does not use, are not kept."""
    offer = offer_of(locked)
    if offer is not None and offer.is_suggestion:
        unclaim_files(offer.answers, ticket=ticket, since=offer.offered_at, answered=answered)


def settled(
    manager: WorkflowStateManager, locked: TaskInstance, ticket: Ticket, answers: Answers
) -> tuple[JsonObject, Sequence[AskedAgain]]:
    """The output with what is calculated, and the earlier answers that the form shows.

    Raises:
        InvalidDataError, AnswersChangedMeanwhileError: as `complete_task`.
    """
    form = definition_of(manager.instance.workflow_id).task_form(locked.definition)
    facts = facts_for(form, answers.output)
    output = form.settled(answers.output, facts)
    problems = form.validate(output, facts)
    asked = earlier_answers(locked, ticket)
    ensure_nothing_changed_since(asked, answers.seen)
    if answers.changes or asked:
        problems += problems_with_changes(asked, answers.changes)
    if problems:
        raise InvalidDataError(problems)
    return output, asked


def start_task(*, task: TaskInstance, user: User, now: datetime | None = None) -> None:
    """Note that the worker has begun.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or its workflow does not run.
    """
    with transaction.atomic():
        manager, locked, _ticket = lock_workable(task, user=user, now=now or timezone.now())
        manager.start_task(locked)
