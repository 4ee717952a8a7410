"""Our own steps, through the services: validation, decision, assignment, history and all."""

from __future__ import annotations

from functools import cache

from bench.companies.setup import DATA, OUTPUT, Bench, enter
from tenants.models import User
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.models import TaskInstance, TicketDefinition


@cache
def user_of(pk: int) -> User:
    user: User = User.objects.select_related("company").get(pk=pk)
    return user


@cache
def _type_of(bench: Bench) -> TicketDefinition:
    return TicketDefinition.objects.get(pk=bench.type_id)


def our_submit(bench: Bench) -> int:
    """Submit and take the first step; returns the ticket's id."""
    enter(bench)
    return submit_ticket(definition=_type_of(bench), data=DATA, user=user_of(bench.user_id)).pk


def new_task(bench: Bench) -> TaskInstance:
    """The first task of a ticket that was just submitted, as a request finds it."""
    number = our_submit(bench)
    ticket = Ticket.objects.select_related("workflow_instance__current_task").get(pk=number)
    assert ticket.workflow_instance is not None
    assert ticket.workflow_instance.current_task is not None
    return ticket.workflow_instance.current_task


def our_complete(bench: Bench, task: TaskInstance) -> None:
    """Complete and take the next step: decision, events, next task, assignment."""
    enter(bench)
    assert task.assigned_to_id is not None
    complete_task(task=task, output=OUTPUT, user=user_of(task.assigned_to_id))
