"""Starting the ticket of a step: what it is told, and the ticket itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.companies.company_limits import ensure_room_for_work
from tenants.models import Company
from tenants.names import LONGEST_NAME
from tickets.advancing.lock_ticket import lock_instance_of
from tickets.advancing.safety_net import advance_after_commit
from tickets.calling.end_attempt import LockedTask
from tickets.files.keep_file import claim_files
from tickets.finding.write_entries import write_ticket
from tickets.models import Ticket
from tickets.numbering.name_ticket import name_ticket
from workflows.actions import ActionError
from workflows.engine.errors import EngineError, TransformError
from workflows.engine.failure import FailureReason
from workflows.engine.process import JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.transforms import apply_transform
from workflows.fields.in_database.look_up import facts_for
from workflows.models import DefinitionStatus, TaskInstance, TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.repair.target_version import listed
from workflows.running.subtickets import (
    SubticketManager,
    count_started,
    depth_of,
    subticket_of,
)
from workflows.working_hours.company_clock import company_clock


@dataclass(frozen=True, slots=True)
class ToStart:
    """A ticket that is to be started: of which type, with which answers, in whose place."""

    parent: Ticket
    task: TaskInstance
    definition: TicketDefinition
    answers: JsonObject


def what_to_start(locked: LockedTask) -> ToStart:
    """What a step starts now. The caller has locked its ticket.

    Raises:
        ActionError: it cannot be started, and says why; with a `reason` where the form of the
            other type refuses the answers, which the process may have a way for.
    """
    task, ticket = locked.task, locked.ticket
    instance = locked.manager.instance
    most = settings.SUBTICKETS_DEEPEST
    if depth_of(instance, most=most) >= most:
        message = _(
            "“%(task)s” would start a ticket beneath %(most)d others that have started each other. "
            "Look whether a ticket type starts itself, and cancel this ticket or finish the step "
            "by hand."
        )
        raise ActionError(message % {"task": task, "most": most})
    if count_started(instance) >= settings.SUBTICKETS_MOST:
        message = _(
            "This ticket has started %(most)d others, and starts no more. Finish the step by hand, "
            "or cancel the ticket."
        )
        raise ActionError(message % {"most": settings.SUBTICKETS_MOST})
    definition = type_to_start(task.definition.ticket_type)
    answers = _answers(locked)
    ensure_room_for_work(Company.objects.current())
    return ToStart(ticket, task, definition, _checked(task, definition, answers))


def type_to_start(key: str) -> TicketDefinition:
    """The ticket type of this key that is offered now: its published version counts.

    Raises ActionError.
    """
    found = TicketDefinition.objects.active().filter(
        key=key, workflow__status=DefinitionStatus.PUBLISHED
    )
    definition = found.first()
    if definition is None:
        message = _(
            "There is no ticket type “%(key)s” that is published. Publish it, and try again."
        )
        raise ActionError(message % {"key": key})
    return definition


def _answers(locked: LockedTask) -> JsonObject:
    """What the step gives the other ticket, as its definition says; what is not there is left out.

    Raises ActionError.
    """
    template = locked.task.definition.input_transform
    if is_empty(template):
        return {}
    facts = locked.manager.facts_at(locked.task, locked.ticket.facts(Company.objects.current()))
    working_time = company_clock(locked.manager.now, counts_days=True).working_time
    try:
        made = apply_transform(template, facts, working_time=working_time)
    except TransformError as error:
        message = _("What “%(task)s” gives the other ticket could not be put together. %(error)s")
        raise ActionError(message % {"task": locked.task, "error": error}) from error
    if not isinstance(made, dict):
        message = _("What “%(task)s” gives the other ticket must be answers by their names.")
        raise ActionError(message % {"task": locked.task})
    return {name: value for name, value in made.items() if value is not None}


def _checked(task: TaskInstance, definition: TicketDefinition, data: JsonObject) -> JsonObject:
    """The answers as the other ticket keeps them, presets among them.

    Raises ActionError.
    """
    known = definition_of(definition.workflow_id)
    try:
        form = known.ticket_form(definition.presets)
        facts = facts_for(form, data)
        data = form.settled(form.taken_in(data, facts), facts)
        problems = form.validate(data, facts)
    except EngineError as error:
        raise ActionError(str(error)) from error
    if problems:
        message = _("The form of “%(type)s” refuses what “%(task)s” gives it. %(problems)s")
        words = {
            "type": definition.title,
            "task": task,
            "problems": listed(problems, known.workflow.fields),
        }
        raise ActionError(message % words, reason=FailureReason.REFUSED)
    return {**form.presets_taken_in(facts), **data}


def start_ticket(to_start: ToStart, *, now: datetime) -> None:
    """Make the ticket, in a transaction that locks nothing of the one that has started it.

    Nothing where the step has one: then somebody was quicker. Its first step is taken right after
    the commit, as any that follows one.

    Raises:
        TicketFlowerError: the company has no room for more.
    """
    task = to_start.task
    try:
        with transaction.atomic():
            if subticket_of(task.pk) is not None:
                return
            _make(to_start, now=now)
    except IntegrityError:
        if subticket_of(task.pk) is None:
            raise


def _title(to_start: ToStart) -> str:
    """As of every ticket that nobody gave a title, with the number of the one that it is for."""
    definition, more = to_start.definition, f" ({to_start.parent.number})"
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    name = name_ticket(definition=definition, fields=form.fields.values(), answers=to_start.answers)
    return f"{name[: LONGEST_NAME - len(more)]}{more}"


def _make(to_start: ToStart, *, now: datetime) -> None:
    definition, parent = to_start.definition, to_start.parent
    workflow = definition_of(definition.workflow_id).workflow
    ticket = Ticket(
        title=_title(to_start),
        definition=definition,
        workflow_id=workflow.pk,
        data=to_start.answers,
        priority=definition.priority_of(to_start.answers).stored,
        created_by=parent.created_by,
    )
    ticket.save(force_insert=True)
    claim_files(workflow.fields, to_start.answers, ticket=ticket, user=parent.created_by)
    write_ticket(ticket)
    manager = lock_instance_of(ticket, SubticketManager, now=now)
    manager.set_started_by(to_start.task, ticket=parent.pk, called=parent.number)
    advance_after_commit(ticket.pk)
