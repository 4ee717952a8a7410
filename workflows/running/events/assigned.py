"""A task was given to somebody, or claimed by them.

Its data: `to` is their name then, `to_id` their id; `claimed` where they took it themselves;
`reason` where a ticket admin gave it. `for` and `for_id`: whoever it was meant for, or had it, is
away, and `to` stands in for them. By the rule of the task: `as` is whom it is for (a member of
Who, or APPROVER), `done` the title of the task whose doer that is, `fallback` where one of a group
got it instead, `in_turn` where it was their turn, `override` where a ticket admin gave it against
the rule, and `delegated` where a vote was handed on to somebody who was not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


# For whom a vote is: whom the approval asks.
APPROVER: Final = "approver"


def _set_assignee(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status, task.assigned_to = TaskStatus.OPEN.value, event.data["to_id"]


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    if data.get("override"):
        return _("%(task)s was given to %(to)s, against the rule of the task.")
    if data.get("delegated"):
        return _("%(task)s was handed on to %(to)s, who votes in their place.")
    if data.get("for"):
        return _("%(task)s was given to %(to)s, who stands in for %(for)s.")
    if data.get("fallback"):
        return _("%(task)s was given to %(to)s, as the one whom it is for cannot have it now.")
    if data.get("in_turn"):
        return _("%(task)s was given to %(to)s, whose turn it is.")
    match data.get("as"):
        case "requester":
            return _("%(task)s was given to %(to)s, who submitted the ticket.")
        case "manager":
            return _("%(task)s was given to %(to)s, the requester's manager.")
        case "answer":
            return _("%(task)s was given to %(to)s, whom an answer names.")
        case "approver":
            return _("%(to)s is asked to vote: %(task)s.")
        case "doer":
            return _("%(task)s was given to %(to)s, who did %(done)s.")
        case "person":
            return _("%(task)s was given to %(to)s, who does it always.")
    return _("%(task)s was given to %(to)s.")


ASSIGNED = declare(
    "ASSIGNED",
    # Giving a task that failed to somebody else is a way of trying it again.
    rules=Rules(
        effect=_set_assignee,
        time=TaskTime.BEGINS_IF_STOPPED,
        people=(("to_id", "to"), ("for_id", "for")),
    ),
    screen=Screen(
        icon="person",
        history=_sentence,
        timeline=_sentence,
    ),
)
