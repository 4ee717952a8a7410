"""A ticket admin has a mail to somebody outside sent again that could not be delivered.

Its data: the `reason`; `elsewhere`, where it goes to another address than before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, no_effect

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _history(event: WorkflowEvent) -> StrOrPromise:
    if event.task_instance_id is None:
        return _("The mail to somebody outside is sent again.")
    if data_of(event).get("elsewhere"):
        return _("%(task)s: the mail is sent again, to another address outside.")
    return _("%(task)s: the mail is sent again.")


SENT_AGAIN = declare(
    "SENT_AGAIN",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(icon="forward_to_inbox", history=_history, timeline=None),
)
