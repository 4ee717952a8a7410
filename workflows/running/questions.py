"""A form that waits for an answer of whoever submitted the ticket goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenants.hooks import Hook
from workflows.models import TaskInstance
from workflows.running.events.asked import ASKED

# The task, whose time begins anew, and now. An app above registers its functions while it starts.
QUESTION_ENDED: Hook[[TaskInstance, datetime], None] = Hook()


def due_after_question(task: TaskInstance, *, now: datetime) -> datetime | None:
    """When it is due: as much later as it waited. None: it had no time."""
    asked = task.events.filter(kind=ASKED).order_by("-pk").first()
    due = str(asked.data.get("due") or "") if asked is not None else ""
    waited = now - asked.at if asked is not None else timedelta()
    return datetime.fromisoformat(due) + waited if due else None
