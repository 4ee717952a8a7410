"""A mail was put into the outbox as a way was taken, which its MOVED says, with it.

Its task is the one that was left, none at the start. Its data: `next_tasks`, as that of MOVED, and
what MESSAGE_SENT says of the recipient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, no_effect

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _history(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    if data.get("outside"):
        return _("A mail goes to an address outside, as the ticket goes on to %(next)s.")
    if data.get("role"):
        return _(
            "A mail goes to the members of %(role)s (%(count)s), as the ticket goes on to %(next)s."
        )
    if data.get("to"):
        return _("A mail goes to %(to)s, as the ticket goes on to %(next)s.")
    return _("Nobody is there any more to be written to, as the ticket goes on to %(next)s.")


WAY_MESSAGE_SENT = declare(
    "WAY_MESSAGE_SENT",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, people=(("to_id", "to"),)),
    # The mail itself tells whom it is for.
    screen=Screen(icon="outgoing_mail", history=_history, timeline=None),
)
