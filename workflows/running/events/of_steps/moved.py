"""The workflow has moved on: to the next task, or to its end.

Its data is the decision, `workflows.engine.decide.Decision.as_json()`, with each condition that
was tried and its result, and with `today`, the date by which it was decided, where conditions
could read it; `made` are the new tasks, each with its id (`task`) and its `key`; with `cleans_up`
the ticket was cancelled before.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.errors import HistoryError
from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, declare
from workflows.running.events.state import State


def _move(state: State, event: WorkflowEvent) -> None:
    made = event.data.get("made", [])
    left = state.tasks.get(event.task_instance_id or 0)
    for each in made:
        state.make_task(each["task"], each["key"], path=None if left is None else left.path)
    if not made and not event.data.get("is_end"):
        raise HistoryError


# Of a ticket that was cancelled before its data says `cleans_up`, too.
def _history(event: WorkflowEvent) -> str:
    return _("After %(task)s: on to %(next)s.") if event.task_instance else _("On to %(next)s.")


MOVED = declare(
    "MOVED",
    rules=Rules(effect=_move, time=TaskTime.BEGINS, once="step"),
    # The tasks to which it leads say it, where they are given to somebody.
    screen=Screen(icon="alt_route", history=_history, timeline=None),
)
