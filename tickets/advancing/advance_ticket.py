from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants.connection import current_schema
from tenants.jobs import cancel_job
from tickets.advancing.failed_step import UNREACHABLE, FailedStep
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.advancing.take_step import take_step
from tickets.models import ErrorType, Ticket, TicketError
from workflows.models import TaskInstance
from workflows.running.state_manager import WorkflowStateManager

logger = logging.getLogger(__name__)

# While one of these waits for a ticket admin, the step that failed is not tried again.
BLOCKING = (ErrorType.WORKFLOW_CREATION, ErrorType.TASK_CREATION, ErrorType.WORKFLOW_TRANSITION)


def advance_ticket(
    *, ticket_id: int, safety_net: int | None = None, now: datetime | None = None
) -> None:
    """Take the step of the ticket's workflow that is due, if one is.

    Safe to call twice, late, or beside itself: it decides under row locks, and the second
    finds nothing to do. `safety_net` is the id of the job that would do the same; it is
    cancelled in the transaction of the step. What fails is tried once more, part by part, so
    that the ticket error says which part of the step it was.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the safety net,
            which is still there, will take the step.
    """
    now = now or timezone.now()
    try:
        with transaction.atomic():
            ticket = _ticket_to_move(ticket_id)
            if ticket is not None:
                take_step(ticket, lock_instance_of(ticket, WorkflowStateManager, now=now), now=now)
            _cancel_safety_net(safety_net)
        return
    except UNREACHABLE:
        raise
    except Exception:  # whatever it is, a ticket admin must see it: a ticket is never stuck unseen
        logger.exception("Ticket %s of %s could not advance", ticket_id, current_schema())
    _advance_in_parts(ticket_id, safety_net=safety_net, now=now)


def _ticket_to_move(ticket_id: int) -> Ticket | None:
    """The ticket, locked; None where an error of it waits for a ticket admin."""
    ticket = lock_ticket(ticket_id)
    is_blocked = ticket.errors.unresolved().filter(error_type__in=BLOCKING).exists()
    return None if is_blocked else ticket


def _cancel_safety_net(safety_net: int | None) -> None:
    if safety_net is not None:
        cancel_job(safety_net)


def _advance_in_parts(ticket_id: int, *, safety_net: int | None, now: datetime) -> None:
    ticket: Ticket | None = None
    manager: WorkflowStateManager | None = None
    left: TaskInstance | None = None
    try:
        with transaction.atomic():
            ticket = _ticket_to_move(ticket_id)
            if ticket is not None:
                manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
                left = manager.due_task
                manager.write_in_parts()
                take_step(ticket, manager, now=now)
            _cancel_safety_net(safety_net)
    except UNREACHABLE:
        raise
    except Exception as error:  # as above
        if ticket is None:
            raise
        failed = FailedStep.of(error, ticket, manager, left=left)
        _record_failure(ticket_id, failed, safety_net=safety_net, now=now)


def _record_failure(
    ticket_id: int, failed: FailedStep, *, safety_net: int | None, now: datetime
) -> None:
    with transaction.atomic():
        ticket = _ticket_to_move(ticket_id)
        _cancel_safety_net(safety_net)
        if ticket is None:
            return
        task, is_marked = None, True
        if not failed.is_without_instance(ticket):
            manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
            if not manager.is_step_due:  # somebody else has taken it in the meantime
                return
            task = manager.due_task
            is_marked = try_to_put_into_error(
                lambda: manager.fail_transition(reason=failed.message)
            )
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=failed.error_type,
            message=failed.message,
            stack_trace=failed.trace,
            is_step_marked=is_marked,
        )
