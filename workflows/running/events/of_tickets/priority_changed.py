"""Somebody changed the priority of the ticket. Its data: the `old` and the `new` one, by name.

`reason` where they gave one.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import WorkflowEvent
from workflows.priorities import SCREENS, Priority
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, no_effect


def _words(event: WorkflowEvent) -> dict[str, str]:
    data = data_of(event)
    return {name: str(SCREENS[Priority.named(data.get(name))].name) for name in ("old", "new")}


def _history(event: WorkflowEvent) -> str:
    return _("The priority was changed: %(old)s → %(new)s.") % _words(event)


def _timeline(event: WorkflowEvent) -> str:
    return _("The priority was changed to %(new)s.") % _words(event)


PRIORITY_CHANGED = declare(
    "PRIORITY_CHANGED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(icon="flag", history=_history, timeline=_timeline),
)
