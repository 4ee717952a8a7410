"""A task that waited for an answer of whoever submitted the ticket goes on.

Its data: `without` where it goes on without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, task_becomes

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    if data_of(event).get("without"):
        return _("%(task)s goes on without an answer.")
    return _("%(person)s answered. %(task)s goes on.")


ANSWERED = declare(
    "ANSWERED",
    rules=Rules(effect=task_becomes(TaskStatus.OPEN), time=TaskTime.BEGINS),
    screen=Screen(icon="mark_chat_read", history=_sentence, timeline=_sentence),
)
