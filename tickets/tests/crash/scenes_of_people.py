"""What people do to a ticket, each as something that a process does and may die of."""

from __future__ import annotations

from tickets.repairing.hold_ticket import hold_ticket
from tickets.tests.crash.made_up_process import CALL, call, form
from tickets.tests.crash.stage import LONG, Order, Scene, Stage, task_of
from workflows.models import TaskInstance


def _cancel(stage: Stage, key: str, title: str) -> Order:
    return _serve("cancel", task_of(stage.submit(key, title)))


def _take_back(stage: Stage, key: str, title: str) -> Order:
    return _serve("withdraw", task_of(stage.submit(key, title)))


def _hand_over(stage: Stage, key: str, title: str) -> Order:
    return _serve("hand over", task_of(stage.submit(key, title)))


def _reassign(stage: Stage, key: str, title: str) -> Order:
    return _serve("reassign", task_of(stage.submit(key, title)))


def _correct(stage: Stage, key: str, title: str) -> Order:
    return _serve("correct", task_of(stage.submit(key, title)))


def _retry(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    stage.make_call(ticket)
    return _serve("retry", task_of(ticket))


def _resume(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    hold_ticket(ticket=ticket, by=stage.ticket_admin, reason="Until it is clear.")
    return _serve("resume", task_of(ticket))


def _serve(what: str, task: TaskInstance) -> Order:
    """A person does this to the task, or to its ticket, by the services."""
    return Order("serve", (what, task.pk), is_repeated=True)


PEOPLE = (
    Scene("cancel", [form("first")], _cancel, cancels=True),
    Scene("withdraw", [form("first")], _take_back, cancels=True),
    Scene("hand a form on", [form("first")], _hand_over),
    Scene("give a form to somebody else", [form("first")], _reassign),
    Scene("correct the answers", [form("first")], _correct),
    Scene("resume a ticket on hold", [form("first")], _resume),
    Scene(
        "try a call again",
        [call("first", CALL, mood="fails", timeout=LONG)],
        _retry,
        fails=True,
    ),
)
