"""What is due of a step that starts a ticket, and of that ticket: whatever it is, it is done.

Each transaction locks one of the two tickets. What one side does is seen by the other because a
job for it is deferred in the same transaction.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.models import Company
from tickets.advancing.end_early import clean_up_after, clean_up_after_commit
from tickets.advancing.failed_step import UNREACHABLE, with_reason
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.advancing.safety_net import advance_after_commit
from tickets.calling.end_attempt import LockedTask, fail_for_good
from tickets.models import Ticket
from tickets.subtickets.start_subticket import ToStart, start_ticket, what_to_start
from workflows.actions import ActionError
from workflows.engine.errors import TransformError
from workflows.engine.failure import FailureReason
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.steps.subtickets import CANCELLED, ROOT, began, has_ended
from workflows.errors import WorkflowEndedError
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent, WorkflowStatus
from workflows.models.workflow_instance import ENDED
from workflows.running.events.kind import cancels_all, kind_named
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN
from workflows.running.subtickets import (
    SubticketManager,
    forget_given_up,
    is_waiting_to_start,
    subticket_of,
)
from workflows.working_hours.company_clock import company_clock

logger = logging.getLogger(__name__)


def follow_subticket(*, ticket_id: int, task_id: int, now: datetime | None = None) -> None:
    """Do what is due of a step (`task_id`, of the ticket `ticket_id`) and of its sub-ticket.

    Start the sub-ticket where there is none; note it, and end the step with it; cancel it where the
    step is left. Safe to call twice, late, or beside itself. What fails is a way out of the step
    where its workflow has one, else a ticket error.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job comes again.
    """
    now = now or timezone.now()
    try:
        forget_given_up(task_id)
        to_start = _look_whether_to_start(ticket_id, task_id, now=now)
        if to_start is not None:
            start_ticket(to_start, now=now)
    except UNREACHABLE:
        raise
    except (Ticket.DoesNotExist, TaskInstance.DoesNotExist):  # it was deleted with its time
        return
    except Exception as error:  # whatever it is, a ticket admin must see it
        _fail(ticket_id, task_id, _as_failure(error, ticket_id), now=now)
        return
    try:
        left = _settle(ticket_id, task_id, now=now)
    except UNREACHABLE:
        raise
    except Exception as error:  # as above
        _fail(ticket_id, task_id, _as_failure(error, ticket_id), now=now)
        return
    if left is not None:
        _cancel(left, now=now)


def _lock(ticket_id: int, task_id: int, now: datetime) -> LockedTask:
    ticket = lock_ticket(ticket_id)
    if ticket.workflow_instance_id is None:
        raise TaskInstance.DoesNotExist
    manager = lock_instance_of(ticket, SubticketManager, now=now)
    return LockedTask(ticket, manager, manager.read_task(task_id))


def _manager(locked: LockedTask) -> SubticketManager:
    if not isinstance(locked.manager, SubticketManager):
        raise TypeError
    return locked.manager


# Starting


def _look_whether_to_start(ticket_id: int, task_id: int, *, now: datetime) -> ToStart | None:
    """What is to be started; None: nothing, or it cannot be, and that is kept."""
    with transaction.atomic():
        locked = _lock(ticket_id, task_id, now)
        task, manager = locked.task, _manager(locked)
        if not task.definition.is_subticket or not is_waiting_to_start(task):
            return None
        if not manager.is_at(task) or manager.instance.status != WorkflowStatus.IN_PROGRESS:
            return None
        if subticket_of(task.pk) is not None:
            return None
        try:
            return what_to_start(locked)
        except ActionError as error:
            fail_for_good(locked, error)
    return None


# What is due of a step that has started one


@dataclass(frozen=True, slots=True)
class _Left:
    """A sub-ticket that nobody waits for any more, and why."""

    ticket_id: int
    why: str


def _settle(ticket_id: int, task_id: int, *, now: datetime) -> _Left | None:
    """Note the sub-ticket, and end the step with it; returns what is to be cancelled."""
    with transaction.atomic():
        locked = _lock(ticket_id, task_id, now)
        task, manager = locked.task, _manager(locked)
        other = subticket_of(task.pk)
        if not task.definition.is_subticket:
            return None
        if other is None:
            _fail_without(locked)
            return None
        if not manager.is_at(task):
            is_left = task.status == TaskStatus.CANCELLED or (
                task.status == TaskStatus.COMPLETED and task.definition.wait_for_end
            )
            if not is_left or other.status in ENDED:
                return None
            return _Left(other.ticket.pk, _why(locked))
        if is_waiting_to_start(task):
            manager.note_started(task, ticket=other.ticket.pk, called=other.ticket.number)
        if not task.definition.wait_for_end:
            _end(locked, other.ticket, began(other.ticket.pk))
        elif other.status in ENDED:
            _end_with(locked, other.ticket)
    return None


def _fail_without(locked: LockedTask) -> None:
    """A step that waits for a ticket that is not there: its time was over before it was noted."""
    if locked.task.status == TaskStatus.IN_PROGRESS and _manager(locked).is_at(locked.task):
        message = _(
            "The ticket that “%(task)s” waited for is not there any more. Try again to start "
            "another one, or finish the step by hand."
        )
        fail_for_good(locked, ActionError(message % {"task": locked.task}))


def _end_with(locked: LockedTask, other: Ticket) -> None:
    """The sub-ticket has ended: so does the step, or it has failed."""
    instance = other.workflow_instance
    if instance is None:
        return
    task, manager = locked.task, _manager(locked)
    if instance.status == WorkflowStatus.CANCELLED:
        output = has_ended(other.pk, outcome=CANCELLED, label=instance.end_label)
        if manager.takes_cancelled(task):
            _end(locked, other, output)
            return
        message = _("Ticket %(number)s, which “%(task)s” waited for, was cancelled.")
        words = {"number": other.number, "task": task}
        fail_for_good(
            locked, ActionError(message % words, reason=FailureReason.CANCELLED, answer=output)
        )
        return
    outcome = instance.end_outcome
    output = has_ended(
        other.pk,
        outcome="" if outcome is None else outcome.value,
        label=instance.end_label,
    )
    try:
        kept = _kept(locked, other, output)
    except ActionError as error:
        fail_for_good(locked, error)
        return
    _end(locked, other, {**kept, **output})


def _end(locked: LockedTask, other: Ticket, output: JsonObject) -> None:
    _manager(locked).end_step(locked.task, output=output, ticket=other.pk, called=other.number)
    advance_after_commit(locked.ticket.pk)


def _kept(locked: LockedTask, other: Ticket, output: JsonObject) -> JsonObject:
    """What the step keeps of a sub-ticket that has come to its end.

    Raises ActionError.
    """
    template = locked.task.definition.output_transform
    if is_empty(template):
        return {}
    instance = other.workflow_instance
    tasks: Json = {} if instance is None else instance.data
    read: JsonObject = {**output, "ticket": other.data, "tasks": tasks}
    facts = locked.manager.facts_at(locked.task, locked.ticket.facts(Company.objects.current()))
    working_time = company_clock(locked.manager.now, counts_days=True).working_time
    try:
        made = apply_transform(template, {**facts, ROOT: read}, working_time=working_time)
    except TransformError as error:
        message = _("What “%(task)s” keeps of ticket %(number)s could not be read. %(error)s")
        words = {"task": locked.task, "number": other.number, "error": error}
        raise ActionError(message % words) from error
    return made if isinstance(made, dict) else {}


# What fails


def _as_failure(error: Exception, ticket_id: int) -> ActionError:
    if isinstance(error, ActionError):
        return error
    if isinstance(error, TicketFlowerError):
        return ActionError(str(error))
    logger.exception("A sub-ticket of ticket %s of %s failed", ticket_id, current_schema())
    message = _("The other ticket could not be started, or what came of it could not be kept.")
    detail = "".join(traceback.format_exception(error))
    return ActionError(with_reason(message, error), detail=detail)


def _fail(ticket_id: int, task_id: int, error: ActionError, *, now: datetime) -> None:
    with transaction.atomic():
        locked = _lock(ticket_id, task_id, now)
        if _manager(locked).is_at(locked.task):
            fail_for_good(locked, error)


# Cancelling goes down


def _why(locked: LockedTask) -> str:
    """Why nobody waits for it any more: whoever submitted it reads that."""
    number = locked.ticket.number
    ends = WorkflowEvent.objects.filter(workflow_instance=locked.manager.instance)
    if locked.manager.instance.was_cancelled or locked.manager.instance.status in ENDED:
        for event in ends.filter(task_instance=None).order_by("-pk")[:20]:
            if kind_named(event.kind).rules.effect is cancels_all:
                words = {"number": number, "reason": event.data.get("reason") or ""}
                if event.kind == WITHDRAWN:  # what its requester wrote stands there alone
                    return _("Ticket %(number)s, which had started it, was withdrawn.") % words
                return _("Ticket %(number)s, which had started it, has ended: %(reason)s") % words
    message = _("Ticket %(number)s, which had started it, does not wait for it any more.")
    return message % {"number": number}


def _cancel(left: _Left, *, now: datetime) -> None:
    """Cancel a sub-ticket that nobody waits for; one that has ended meanwhile stays as it is."""
    with transaction.atomic():
        ticket = lock_ticket(left.ticket_id)
        manager = lock_instance_of(ticket, SubticketManager, now=now)
        try:
            tasks = manager.cancel(reason=left.why)
        except WorkflowEndedError:
            return
        clean_up_after(manager, tasks, ticket=ticket, by=None, why="cancelled_above", how=left.why)
        clean_up_after_commit(manager, ticket)
