"""A step has put a mail into the outbox, in the moment in which it was reached.

Its data: `output`, which is empty. `who` says by what the recipient was found (a member of
Recipient). To one person: `to` is their name then, `to_id` their id. To a role: `role` is its
name, `of` how many of its members are written to. To outside: `outside`; the address stands in the
ticket's answers, and nowhere in the history. `files`: how many are attached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _complete(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.outputs_around(task)[task.key] = event.data["output"]


def _history(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    if data.get("outside"):
        return _("%(task)s: a mail goes to an address outside.")
    if data.get("role"):
        return _("%(task)s: a mail goes to the members of %(role)s (%(count)s).")
    if data.get("to"):
        return _("%(task)s: a mail goes to %(to)s.")
    return _("%(task)s: nobody is there any more to be written to.")


MESSAGE_SENT = declare(
    "MESSAGE_SENT",
    rules=Rules(
        effect=_complete,
        time=TaskTime.GOES_ON,
        once="end",
        people=(("to_id", "to"),),
        answers=("output",),
    ),
    # The mail itself tells whom it is for.
    screen=Screen(icon="outgoing_mail", history=_history, timeline=None),
)
