"""The ticket goes on in another version of its workflow.

Its data: the numbers of the versions, `from` and `to`, the `reason`, and, where tasks are
called something else there, `renamed`: {old key: new key}. It may name tasks that the ticket has
not come to; events of before 2026-12 name only those that had an output, and the current one.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.errors import HistoryError
from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, declare
from workflows.running.events.state import State


def _change_version(state: State, event: WorkflowEvent) -> None:
    if state.version is None:  # the event of the start has the version that it starts on
        return
    if state.version != event.data["from"]:
        raise HistoryError
    state.version = event.data["to"]
    state.rename(event.data.get("renamed", {}))


VERSION_CHANGED = declare(
    "VERSION_CHANGED",
    rules=Rules(effect=_change_version, time=TaskTime.BEGINS),
    screen=Screen(
        icon="swap_horiz",
        history=_("It was moved from version %(from)s to version %(to)s."),
        timeline=None,
    ),
)
