from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tenants.audit.acting import through_of
from tenants.companies.company_limits import ensure_room_for_work
from tenants.connection import current_schema
from tenants.database.sequences import align_sequences, is_taken_id
from tenants.errors import TicketFlowerError
from tenants.fast.prepared import PreparedQuery, is_commit_unknown, next_id
from tenants.fast.rows import new_row
from tenants.models import Company, User
from tenants.names import plain_name
from tenants.observing.log_context import note
from tickets.advancing.failed_step import UNREACHABLE
from tickets.advancing.lock_ticket import lock_instance_of
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.take_step import errors_as_step_failed, take_step
from tickets.files.keep_file import claim_files
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.finding.write_entries import write_ticket
from tickets.models import Follower, Ticket
from tickets.models.webhook import WATCHED
from tickets.saving.save_answers import forget_saved_answers
from tickets.submitting.errors import MayNotSubmitError, SubmissionFailedError
from tickets.submitting.submit_for import ensure_may_submit_for, record_submitted_for
from tickets.taking_part.access import access_to
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.in_database.look_up import facts_for
from workflows.models import Contact, TicketDefinition, WorkflowInstance
from workflows.running.definition_cache import definition_of
from workflows.running.people.assignment import lock_assignment
from workflows.running.state_manager import NEXT_TASK, WorkflowStateManager

logger = logging.getLogger(__name__)

_IDS = {"ticket_id": next_id(Ticket), "instance_id": next_id(WorkflowInstance), **NEXT_TASK}
_offered = PreparedQuery(
    lambda pk, user_id: (
        TicketDefinition.objects.open_to(user_id)
        .filter(pk=pk)
        .order_by()
        .only("title", "presets", "workflow", "priority", "priority_from")
    ),
    slots=2,
    also=_IDS | WATCHED,
)


def submit_ticket(
    *,
    definition: TicketDefinition,
    data: JsonObject,
    user: User,
    title: str = "",
    slot: str = "",
    checks_now: bool = False,
    by: User | None = None,
    came_in: JsonObject | None = None,
    contact: Contact | None = None,
) -> Ticket:
    """Submit a ticket and start its workflow, in one transaction.

    `data` holds the answers to the fields that are asked; presets are added. Without a
    title the ticket has that of its type. What was saved in the `slot` on the way is forgotten.
    Should the first step fail in a way that nobody has foreseen, at the commit too, the ticket is
    submitted all the same, and its workflow starts right after that, as `advance_after_commit`
    says. Where the ticket itself cannot be kept, nothing is. Inside a transaction of the caller's
    the commit comes later; `checks_now` asks the database for what it would refuse only then.

    `by` submits it in the place of `user`, who is its requester: this stands in the history and in
    the audit log, the requester is told, and who may not see it otherwise follows it. The files
    are those that `by` has uploaded. `contact` has begun it from outside, by the public form of its
    type: the history says so.

    `came_in` says by what it is submitted where no person does it: the data of the event CAME_IN.

    Where the database gave an id that is taken, its sequences are put right on the way.

    Raises:
        MayNotSubmitError: the type is not offered to this person (any more).
        MayNotSubmitForError: `by` may not submit it for this person.
        InvalidDataError: the data does not fit the form; it lists every problem.
        UnknownUploadError: the data names a file that this person did not upload.
        StorageFullError, TooManyJobsError: the company has no room for more.
        SubmissionFailedError: it failed in a way that nobody has foreseen.
        OperationalError, InterfaceError: the database cannot be reached.
    """
    ticket = None
    if through_of((by or user).pk) is not None:
        fields = definition_of(definition.workflow_id).workflow.fields
        data = ensure_uploads_fit(fields, data, user=by or user)
    try:
        # It reads and locks nothing: a transaction that begins later is a way to the server less.
        checked = _checked(definition, data, user, title, by, contact)
        ticket = checked.ticket
        with transaction.atomic():
            _take_along(checked, slot, user=by or user)
            with errors_as_step_failed():
                commits = not checks_now and by is None
                _start(checked, commits=commits, by=by, came_in=came_in)
                if by is not None:
                    _note_submitter(ticket, by)
                if checks_now:
                    connection.check_constraints()
            note(ticket=ticket.pk)
            return ticket
    except (TicketFlowerError, *UNREACHABLE):
        raise
    except Exception as error:  # of the step, or what the database has refused at the commit
        logger.exception("The first step of a ticket of %s failed", current_schema())
        if ticket is not None and is_commit_unknown(error) and _has_come(ticket):
            return ticket
        if is_taken_id(error):
            align_sequences()
    try:
        with transaction.atomic():
            checked = _checked(definition, data, user, title, by, contact)
            ticket = checked.ticket
            _take_along(checked, slot, user=by or user)
            ticket.save(force_insert=True)
            write_ticket(ticket)
            if by is not None or came_in is not None or contact is not None:
                manager = lock_instance_of(ticket, WorkflowStateManager, now=timezone.now())
                _note_how(ticket, manager, by=by, came_in=came_in)
            if by is not None:
                _note_submitter(ticket, by)
            advance_after_commit(ticket.pk)
            connection.check_constraints()
    except (TicketFlowerError, *UNREACHABLE):
        raise
    except Exception as error:
        logger.exception("A ticket of %s could not be submitted", current_schema())
        raise SubmissionFailedError from error
    return ticket


def _has_come(ticket: Ticket) -> bool:
    """Whether a commit has happened that the connection was lost with; waits for its lock."""
    with transaction.atomic():
        lock_assignment()
        return Ticket.objects.filter(pk=ticket.pk).exists()


@dataclass(frozen=True, slots=True)
class _Checked:
    """The ticket, not inserted yet: what points to it is checked at the commit.

    `given` are the answers to the fields that are asked; the ids are drawn for the rows that are
    inserted with it.
    """

    ticket: Ticket
    given: JsonObject
    instance_id: int
    task_id: int


def _checked(
    definition: TicketDefinition,
    data: JsonObject,
    user: User,
    title: str,
    by: User | None,
    contact: Contact | None,
) -> _Checked:
    if not user.has_perm("tickets.add_myticket"):
        raise MayNotSubmitError
    if by is not None:
        ensure_may_submit_for(user, definition, by=by)
    ensure_room_for_work(Company.objects.current())
    offered: Any = _offered.first(definition.pk, user.pk)
    if offered is None:
        raise MayNotSubmitError
    known = definition_of(offered.workflow_id)
    workflow = known.workflow
    form = known.ticket_form(offered.presets)
    facts = facts_for(form, data)
    data = form.settled(data, facts)
    problems = form.validate(data, facts)
    if problems:
        raise InvalidDataError(problems)
    answers = {**form.presets_taken_in(facts), **data}
    ticket = new_row(
        Ticket,
        id=offered.ticket_id,
        title=plain_name(title) or offered.title,
        definition=offered,
        workflow=workflow,
        data=answers,
        priority=offered.priority_of(answers).stored,
        created_by=user,
        contact=contact,
    )
    ticket.is_watched = offered.is_watched
    return _Checked(ticket, data, offered.instance_id, offered.next_task_id)


def _take_along(checked: _Checked, slot: str, *, user: User) -> None:
    """What `user` has prepared: the answers that were saved in the slot end, the files move."""
    if slot:
        forget_saved_answers(user=user, slot=slot)
    ticket = checked.ticket
    claim_files(ticket.workflow.fields, checked.given, ticket=ticket, user=user)


def _note_submitter(ticket: Ticket, by: User) -> None:
    record_submitted_for(ticket, by=by)
    if not access_to(ticket, by):
        follow = Follower(ticket=ticket, person=by, since=timezone.now())
        Follower.objects.bulk_create([follow], ignore_conflicts=True)


def _note_how(
    ticket: Ticket, manager: WorkflowStateManager, *, by: User | None, came_in: JsonObject | None
) -> None:
    """What the history says of a ticket that its requester has not submitted."""
    if by is not None:
        manager.submitted_for(ticket.created_by, by=by)
    if came_in is not None:
        manager.came_in(came_in)
    if ticket.contact_id is not None:
        manager.submitted_outside()


def _start(
    checked: _Checked, *, commits: bool, by: User | None, came_in: JsonObject | None
) -> None:
    now, ticket = timezone.now(), checked.ticket
    manager = WorkflowStateManager.begin(
        ticket.workflow, instance_id=checked.instance_id, next_task_id=checked.task_id, now=now
    )
    ticket.workflow_instance = manager.instance
    manager.is_about(ticket)
    with manager.in_one_statement(commits=commits):
        manager.insert_with_next_write(ticket)
        _note_how(ticket, manager, by=by, came_in=came_in)
        take_step(ticket, manager, now=now)
