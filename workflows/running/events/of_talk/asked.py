"""A worker asks whoever submitted the ticket: the task waits for the answer.

Its data: `due` is when the task should have been finished (ISO 8601; empty: it had no time).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, task_becomes

ASKED = declare(
    "ASKED",
    rules=Rules(effect=task_becomes(TaskStatus.PENDING), time=TaskTime.STOPS),
    screen=Screen(
        icon="contact_support",
        tone=Tone.WARN,
        history=_("%(task)s waits for an answer of whoever submitted the ticket."),
        timeline=_("%(person)s asked a question. %(task)s waits for the answer."),
    ),
)
