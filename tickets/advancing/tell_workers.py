"""Telling whoever has a task that it is not needed any more."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.models import User
from tickets.notices.kinds.task_gone import TASK_GONE
from tickets.notices.tell import Told, tell_each
from workflows.models import TaskInstance


def tell_workers(
    gone: Iterable[tuple[TaskInstance, str]], *, ticket_id: int, by: User | None = None
) -> None:
    """Of tasks of a ticket, each with why, as `TASK_GONE` knows it: one statement, or none.

    `by` is who did it (None: it follows of a step).
    """
    actor = None if by is None else by.pk
    told = [
        Told(
            task.assigned_to_id,
            actor,
            {"task": task.pk, "title": task.definition.title, "why": why},
        )
        for task, why in gone
        if task.assigned_to_id is not None
    ]
    tell_each(TASK_GONE, told, ticket_id=ticket_id)
