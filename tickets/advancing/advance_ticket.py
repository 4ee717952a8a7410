from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from tenants.connection import current_schema
from tenants.jobs import cancel_job, defer
from tickets.advancing.failed_step import UNREACHABLE, FailedStep
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.advancing.take_step import take_step
from tickets.job_names import ADVANCE
from tickets.models import ErrorType, Ticket, TicketError
from workflows.models import TaskInstance, WorkflowStatus
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
            ticket, blocked = _ticket_to_move(ticket_id)
            if ticket is not None:
                manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
                take_step(ticket, manager, now=now, blocked=blocked)
            _cancel_safety_net(safety_net)
        return
    except UNREACHABLE:
        raise
    except Exception:  # whatever it is, a ticket admin must see it: a ticket is never stuck unseen
        logger.exception("Ticket %s of %s could not advance", ticket_id, current_schema())
    _advance_in_parts(ticket_id, safety_net=safety_net, now=now)


def _ticket_to_move(ticket_id: int) -> tuple[Ticket | None, set[int]]:
    """The ticket, locked, and the tasks in branches of which an error waits for a ticket admin.

    None where such an error is of the main path: nothing of the ticket moves.
    """
    ticket = lock_ticket(ticket_id)
    errors = ticket.errors.unresolved().filter(error_type__in=BLOCKING)
    blocked = set()
    for task, path in errors.values_list("task", "task__path"):
        if not path:
            return None, set()
        blocked.add(task)
    return ticket, blocked


def _cancel_safety_net(safety_net: int | None) -> None:
    if safety_net is not None:
        cancel_job(safety_net)


def _advance_in_parts(ticket_id: int, *, safety_net: int | None, now: datetime) -> None:
    ticket: Ticket | None = None
    manager: WorkflowStateManager | None = None
    try:
        with transaction.atomic():
            ticket, blocked = _ticket_to_move(ticket_id)
            if ticket is not None:
                manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
                manager.write_in_parts()
                take_step(ticket, manager, now=now, blocked=blocked)
            _cancel_safety_net(safety_net)
    except UNREACHABLE:
        raise
    except Exception as error:  # as above
        if ticket is None:
            raise
        left = None if manager is None else manager.leaving
        failed = FailedStep.of(error, ticket, manager, left=left)
        due = None if manager is None else manager.due_task
        due_id = None if due is None else due.pk
        _record_failure(ticket_id, failed, due_id, safety_net=safety_net, now=now)


def _record_failure(
    ticket_id: int, failed: FailedStep, due_id: int | None, *, safety_net: int | None, now: datetime
) -> None:
    """`due_id` is the id of the task whose step was taken; None: at the start, or not known.

    The steps that are due in other branches are left to a job.
    """
    with transaction.atomic():
        ticket, blocked = _ticket_to_move(ticket_id)
        _cancel_safety_net(safety_net)
        if ticket is None:
            return
        task, is_marked = None, True
        if not failed.is_without_instance(ticket):
            manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
            due = {each.pk: each for each in manager.tasks_due if each.pk not in blocked}
            if due:
                task = due.pop(next(iter(due)) if due_id is None else due_id, None)
            instance = manager.instance
            is_to_begin = instance.status == WorkflowStatus.NOT_STARTED or instance.is_to_clean_up
            if task is None and not is_to_begin:
                return  # somebody else has taken it in the meantime
            is_marked = try_to_put_into_error(partial(_mark, manager, task, failed.message))
            if due:
                defer(ADVANCE, ticket_id=ticket.pk)
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=failed.error_type,
            message=failed.message,
            stack_trace=failed.trace,
            is_step_marked=is_marked,
        )


def _mark(manager: WorkflowStateManager, task: TaskInstance | None, message: str) -> None:
    manager.fail_transition(task, reason=message)
