"""How `manage.py doctor --repair` puts things right. Each is safe to repeat."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.jobs import defer
from tickets.models import ErrorType, Ticket, TicketError
from tickets.services.calls_of_task import defer_call_if_due
from tickets.services.repair import lock_ticket
from tickets.services.safety_net import ADVANCE, EXPIRE_CALL
from workflows.assignment import hand_out_waiting_tasks
from workflows.models import ActionAttempt, TaskInstance, TaskStatus
from workflows.state_manager import WorkflowStateManager


def requeue_step(ticket_id: int) -> str:
    """The step is taken by the worker; it finds nothing to do where somebody was quicker."""
    with transaction.atomic():
        defer(ADVANCE, ticket_id=ticket_id)
    return _("The step was put into the queue again.")


def requeue_call(ticket_id: int, task_id: int) -> str:
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        if defer_call_if_due(task, ticket_id=ticket_id):
            return _("The call was put into the queue again.")
    return ""


def requeue_expiry(ticket_id: int, task_id: int) -> str:
    """The end of a wait for a callback: at once, where its time is over."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        attempt = ActionAttempt.objects.latest_of(task.pk)
        if attempt is None or not attempt.is_waiting or attempt.answer_until is None:
            return ""
        left = (attempt.answer_until - timezone.now()).total_seconds()
        arguments = {"ticket_id": ticket_id, "task_id": task_id, "attempt": attempt.number}
        defer(EXPIRE_CALL, after_seconds=max(left, 0), **arguments)
    return _("The end of the wait was put into the queue again.")


def hand_out(task_id: int) -> str:
    with transaction.atomic():
        hand_out_waiting_tasks(now=timezone.now())
        task = TaskInstance.objects.select_related("assigned_to").get(pk=task_id)
    if task.assigned_to is None:
        return ""
    return _("The task was given to %(person)s.") % {"person": task.assigned_to}


def show_error(ticket_id: int, task_id: int) -> str:
    """A task in ERROR that no open error tells of is stuck unseen: let an error tell."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        ticket = Ticket.objects.get(pk=ticket_id)
        told = ticket.errors.unresolved().filter(task=task).exists()
        if told or task.status != TaskStatus.ERROR:
            return ""
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=(
                ErrorType.TASK_UPDATE if task.output_data is None else ErrorType.WORKFLOW_TRANSITION
            ),
            message=_(
                "This step failed, and its error was closed without the step being tried again "
                "or finished. Retry it, finish it by hand, or cancel the ticket."
            ),
        )
    return _("A new error shows it to the ticket admins.")


def resolve_error(ticket_id: int, error_id: int) -> str:
    """An error of a ticket that has ended is nobody's work."""
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        error = TicketError.objects.select_for_update(no_key=True).get(pk=error_id)
        if error.is_resolved or not ticket.has_ended:
            return ""
        error.resolve(notes=_("Closed by the health check: the ticket has ended."))
        error.save(update_fields=["status", "resolution_notes", "updated_at"])
    return _("The error was closed.")


def _lock_task(ticket_id: int, task_id: int) -> TaskInstance:
    ticket = lock_ticket(ticket_id)
    manager = WorkflowStateManager.lock(ticket.workflow_instance_id or 0, now=timezone.now())
    tasks = TaskInstance.objects.select_related("definition")
    return tasks.get(pk=task_id, workflow_instance=manager.instance)
