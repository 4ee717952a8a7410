from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models import Company
from tickets.models import ErrorType, Ticket, TicketError
from tickets.services.safety_net import advance_after_commit
from workflows.actions import ActionError, CallRequest, make_call, prepare_call, read_output
from workflows.engine.process import JsonObject
from workflows.errors import TaskNotWorkableError
from workflows.models import TaskInstance, TaskStatus
from workflows.state_manager import WorkflowStateManager

logger = logging.getLogger(__name__)

WAITING_FOR_CALL = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call whose attempt is recorded and committed."""

    request: CallRequest
    facts: JsonObject


def run_action(*, ticket_id: int, task_id: int) -> None:
    """Make the call of an action task, and move on with its answer.

    The call runs outside any transaction; the attempt is recorded and committed before it.
    A job that runs twice calls twice with the same Idempotency-Key, and only the first
    answer is kept. A failure becomes a ticket error.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    try:
        _call_and_keep_the_answer(ticket_id=ticket_id, task_id=task_id)
    except ActionError as error:
        _keep_failure(ticket_id=ticket_id, task_id=task_id, error=error)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # whatever it is, a ticket admin must see it: a ticket is never stuck unseen
        logger.exception("The call of task %s of ticket %s failed", task_id, ticket_id)
        unexpected = ActionError(
            _("The call could not be made. The trace says why."), detail=traceback.format_exc()
        )
        _keep_failure(ticket_id=ticket_id, task_id=task_id, error=unexpected)


def _call_and_keep_the_answer(*, ticket_id: int, task_id: int) -> None:
    prepared = _prepare(ticket_id=ticket_id, task_id=task_id)
    if prepared is None:
        return
    answer = make_call(prepared.request)
    task = TaskInstance.objects.select_related("definition").get(pk=task_id)
    output = read_output(task.definition, answer, facts=prepared.facts)
    _finish(ticket_id=ticket_id, task_id=task_id, output=output)


def _lock(ticket_id: int, task_id: int) -> tuple[Ticket, WorkflowStateManager, TaskInstance]:
    ticket = Ticket.objects.select_related("created_by").get(pk=ticket_id)
    if ticket.workflow_instance_id is None:
        raise TaskNotWorkableError
    manager = WorkflowStateManager.lock(ticket.workflow_instance_id, now=timezone.now())
    task = TaskInstance.objects.select_related("definition").get(
        pk=task_id, workflow_instance=manager.instance
    )
    return ticket, manager, task


def _prepare(*, ticket_id: int, task_id: int) -> Prepared | None:
    with transaction.atomic():
        ticket, manager, task = _lock(ticket_id, task_id)
        if task.status not in WAITING_FOR_CALL:
            return None
        company = Company.objects.current()
        facts: JsonObject = {**ticket.facts(company), "tasks": manager.instance.data}
        request = prepare_call(task, facts=facts)
        try:
            manager.begin_call(task, input_data=request.body)
        except TaskNotWorkableError:  # on hold, or cancelled: the call is not made
            return None
    return Prepared(request=request, facts=facts)


def _finish(*, ticket_id: int, task_id: int, output: JsonObject) -> None:
    with transaction.atomic():
        ticket, manager, task = _lock(ticket_id, task_id)
        if task.status != TaskStatus.IN_PROGRESS:
            return
        manager.complete_task(task, output=output)
        advance_after_commit(ticket.pk)


def _keep_failure(*, ticket_id: int, task_id: int, error: ActionError) -> None:
    with transaction.atomic():
        ticket, manager, task = _lock(ticket_id, task_id)
        if task.status not in WAITING_FOR_CALL:
            return
        manager.fail_task(task, reason=str(error))
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=ErrorType.TASK_UPDATE,
            message=str(error),
            stack_trace=error.detail,
        )
