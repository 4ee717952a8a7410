"""What people do to a task or its ticket, by the services: in a process that may die of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from django.utils import timezone

from tenants.models import User
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.go_on import go_on_without_answer
from tickets.conversation.write_message import write_message
from tickets.errors import TicketsError
from tickets.models import Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_step import retry_step
from tickets.tests.crash.made_up_process import APPROVERS
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.hand_over import hand_over
from tickets.working.take_over import take_over
from workflows.errors import WorkflowsError
from workflows.models import TaskInstance, WorkflowDefinition, WorkflowEvent
from workflows.running.pool import claim_task, release_task

type Act = Callable[[TaskInstance, Ticket], object]


def serve(what: str, task_id: int) -> None:
    """Do something to a task, or to its ticket, once: what is done already is left so."""
    tasks = TaskInstance.objects.select_related("definition", "assigned_to")
    task = tasks.get(pk=task_id)
    tickets = Ticket.objects.select_related("created_by")
    ticket = tickets.get(workflow_instance=task.workflow_instance_id)
    if what in _GIVE and _has_changed_hands(task):
        return
    with suppress(TicketsError, WorkflowsError):  # it is done already
        (_ACTS | _GIVE)[what](task, ticket)


def _has_changed_hands(task: TaskInstance) -> bool:
    """Whether it was given to somebody twice: at first, and from there."""
    return WorkflowEvent.objects.filter(task_instance=task, kind="ASSIGNED").count() > 1


def _admin() -> dict[str, Any]:
    return {"by": User.objects.get(email="terry@acme.example"), "reason": "It is better so."}


def _withdraw(task: TaskInstance, ticket: Ticket) -> None:
    now = timezone.now()
    withdraw_ticket(ticket=ticket, user=ticket.created_by, reason="Not needed.", now=now)


def _move(task: TaskInstance, ticket: Ticket) -> None:
    workflow = WorkflowDefinition.objects.published().get(key=ticket.workflow.key)
    move_tickets(tickets=[ticket], to=workflow, **_admin())


def _ask(task: TaskInstance, ticket: Ticket) -> None:
    text, token = "Which colour?", f"question-{task.pk}"
    ask_requester(task=task, user=_worker(task), text=text, token=token, now=timezone.now())


def _reply(task: TaskInstance, ticket: Ticket) -> None:
    token, now = f"answer-{task.pk}", timezone.now()
    write_message(ticket=ticket, user=ticket.created_by, text="Red.", token=token, now=now)


def _hand_over(task: TaskInstance, ticket: Ticket) -> None:
    by, now = _worker(task), timezone.now()
    hand_over(task=task, to=_other(task), by=by, reason="On holiday.", now=now)


def _worker(task: TaskInstance) -> User:
    assert task.assigned_to is not None
    return task.assigned_to


def _other(task: TaskInstance) -> User:
    """Who does tasks, too, and does not have this one."""
    people = User.objects.filter(email__in=APPROVERS).exclude(pk=task.assigned_to_id)
    other: User | None = people.order_by("email").first()
    assert other is not None
    return other


_ACTS: Final[dict[str, Act]] = {
    "cancel": lambda _task, ticket: cancel_ticket(ticket=ticket, **_admin()),
    "withdraw": _withdraw,
    "hold": lambda _task, ticket: hold_ticket(ticket=ticket, **_admin()),
    "resume": lambda _task, ticket: resume_ticket(ticket=ticket, **_admin()),
    "correct": lambda _task, ticket: correct_ticket_data(
        ticket=ticket, data={"amount": 9}, **_admin()
    ),
    "retry": lambda _task, ticket: retry_step(error=ticket.errors.unresolved().get(), **_admin()),
    "move": _move,
    "ask": _ask,
    "reply": _reply,
    "go on": lambda task, _ticket: go_on_without_answer(
        task=task, user=_worker(task), now=timezone.now()
    ),
    "claim": lambda task, _ticket: claim_task(task=task, user=_other(task), now=timezone.now()),
}
# Whoever is given a task could do the same with it again.
_GIVE: Final[dict[str, Act]] = {
    "reassign": lambda task, _ticket: reassign_task(task=task, to=_other(task), **_admin()),
    "hand over": _hand_over,
    "take over": lambda task, _ticket: take_over(task=task, by=_other(task), now=timezone.now()),
    "give back": lambda task, _ticket: release_task(
        task=task, user=_worker(task), now=timezone.now()
    ),
}
