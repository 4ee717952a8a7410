"""Our own steps, through the services: validation, decision, assignment, history and all."""

from __future__ import annotations

from functools import cache

from bench.setup import DATA, OUTPUT, Bench
from tenants.models import User
from tickets.models import Ticket, TicketDefinition
from tickets.services import complete_task, submit_ticket
from workflows.models import TaskInstance


@cache
def _user(pk: int) -> User:
    user: User = User.objects.select_related("company").get(pk=pk)
    return user


@cache
def _type(pk: int) -> TicketDefinition:
    return TicketDefinition.objects.get(pk=pk)


def our_submit(bench: Bench) -> int:
    """Submit and take the first step; returns the ticket's id."""
    ticket = submit_ticket(definition=_type(bench.type_id), data=DATA, user=_user(bench.user_id))
    return ticket.pk


def task_of(ticket_id: int) -> TaskInstance:
    ticket = Ticket.objects.select_related("workflow_instance__current_task").get(pk=ticket_id)
    assert ticket.workflow_instance is not None
    assert ticket.workflow_instance.current_task is not None
    return ticket.workflow_instance.current_task


def our_complete(task: TaskInstance) -> None:
    """Complete and take the next step: decision, event, next task, assignment."""
    assert task.assigned_to_id is not None
    complete_task(task=task, output=OUTPUT, user=_user(task.assigned_to_id))
