"""A mail of a task to somebody outside could not be delivered.

It has no data: whom it was for stands on the task or in the ticket's answers, so that it can be
forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, no_effect

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _history(event: WorkflowEvent) -> StrOrPromise:
    if event.task_instance_id is None:
        return _("The mail to somebody outside could not be delivered.")
    return _("%(task)s: the mail to somebody outside could not be delivered.")


UNDELIVERED = declare(
    "UNDELIVERED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="mail_off",
        tone=Tone.BAD,
        history=_history,
        timeline=None,
    ),
)
