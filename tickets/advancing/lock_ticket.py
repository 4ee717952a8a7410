"""The locks of a ticket, in their order: the ticket first, then its workflow instance."""

from __future__ import annotations

from datetime import datetime

from tenants.models import User
from tenants.observing.log_context import note
from tickets.models import Ticket
from workflows.layouts.columns import layouts_of
from workflows.models import TaskInstance, WorkflowDefinition
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.workflow_repair import WorkflowRepair


def lock_ticket(ticket_id: int) -> Ticket:
    """The first lock of all.

    no_key: who holds the instance's lock may insert an error or a file of this ticket. Without
    the workflow, which may become another during the wait: a row that no longer goes with what
    it was joined with is left out.

    Raises:
        Ticket.DoesNotExist
    """
    note(ticket=ticket_id)
    tickets = Ticket.objects.select_related("created_by", "definition")
    tickets = tickets.defer(*layouts_of("definition"))
    return tickets.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)


def lock_instance_of[M: WorkflowStateManager](
    ticket: Ticket, kind: type[M], *, now: datetime, actor: User | None = None
) -> M:
    """The second lock: the workflow instance of a locked ticket, in the hands of its manager.

    A ticket whose workflow could not be made is given an instance that has not started.
    """
    if ticket.workflow_instance_id is not None:
        found = kind.lock(ticket.workflow_instance_id, now=now, actor=actor)
        found.is_about(ticket)
        return found
    workflow = WorkflowDefinition.objects.get(pk=ticket.workflow_id)
    manager = kind.create(workflow, now=now, actor=actor)
    ticket.workflow_instance = manager.instance
    manager.is_about(ticket)
    ticket.save(update_fields=["workflow_instance", "updated_at"])
    manager.update_with_next_write(ticket, "updated_at")  # so that it is sealed
    return manager


def lock_task_of(
    ticket: Ticket, task_id: int, *, now: datetime
) -> tuple[WorkflowRepair, TaskInstance] | None:
    """The second and third lock, for a job of one task; None: the ticket has no workflow.

    Raises:
        TaskInstance.DoesNotExist: the ticket has no such task.
    """
    if ticket.workflow_instance_id is None:
        return None
    manager = WorkflowRepair.lock(ticket.workflow_instance_id, now=now)
    manager.is_about(ticket)
    return manager, manager.read_task(task_id)
