"""What people answer in the forms and votes of these tests."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.models import TaskInstance

CORRECTED = 8  # what an amount becomes that a form shows again


def answer_to(task: TaskInstance, *, again: bool = False) -> JsonObject:
    """`again`: the ticket is to go back, where it can."""
    if not task.definition.is_vote:
        return {"again": again}
    return {"vote": "refuse", "comment": "Once more."} if again else {"vote": "approve"}


def changes_in(task: TaskInstance) -> JsonObject | None:
    """What is changed of earlier answers, where the form shows some."""
    return {"ticket.amount": CORRECTED} if task.definition.shows_again else None
