from __future__ import annotations

import logging
import traceback
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.connection import current_schema
from tenants.jobs import take_away
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.advancing.take_step import take_step
from tickets.models import ErrorType, TicketError
from workflows.models import WorkflowStatus
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
    taken away in the transaction of the step. What fails becomes a ticket error.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the safety net,
            which is still there, will take the step.
    """
    now = now or timezone.now()
    try:
        with transaction.atomic():
            _advance(ticket_id, now=now)
            if safety_net is not None:
                take_away(safety_net)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # whatever it is, a ticket admin must see it: a ticket is never stuck unseen
        logger.exception("Ticket %s of %s could not advance", ticket_id, current_schema())
        _keep_unexpected(ticket_id, trace=traceback.format_exc(), safety_net=safety_net)


def _advance(ticket_id: int, *, now: datetime) -> None:
    ticket = lock_ticket(ticket_id)
    if ticket.errors.unresolved().filter(error_type__in=BLOCKING).exists():
        return
    take_step(ticket, lock_instance_of(ticket, WorkflowStateManager, now=now), now=now)


def _keep_unexpected(ticket_id: int, *, trace: str, safety_net: int | None) -> None:
    now = timezone.now()
    message = _("The next step could not be made. The trace says why.")
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        if safety_net is not None:
            take_away(safety_net)
        if ticket.errors.unresolved().filter(error_type__in=BLOCKING).exists():
            return
        task, error_type = None, ErrorType.WORKFLOW_CREATION
        if ticket.workflow_instance_id is not None:
            manager = WorkflowStateManager.lock(ticket.workflow_instance_id, now=now)
            if not manager.is_step_due:  # somebody else has taken it in the meantime
                return
            if manager.instance.status != WorkflowStatus.NOT_STARTED:
                error_type = ErrorType.TASK_CREATION
            task = manager.fail_moving_on(reason=message)
        TicketError.objects.create(
            ticket=ticket, task=task, error_type=error_type, message=message, stack_trace=trace
        )
