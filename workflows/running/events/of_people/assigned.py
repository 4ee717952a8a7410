"""A task was given to somebody, or claimed by them.

Its data: `to` is their name then, `to_id` their id; `claimed` where they took it themselves;
`reason` where a ticket admin gave it. `for` and `for_id`: whoever it was meant for, or had it, is
away, and `to` stands in for them. By the rule of the task: `as` is whom it is for (a member of
Who, or APPROVER), `done` the title of the task whose doer that is, `fallback` where one of the
group got it instead, `in_turn` where it was their turn, `override` where a ticket admin gave it
against the rule, and `delegated` where a vote was handed on to somebody who was not asked.
`offered`: they took over what a reminder had offered them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

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


# By what the event says besides, the first that is there.
_SENTENCES: Final[Mapping[str, StrOrPromise]] = {
    "override": _("%(task)s was given to %(to)s, against the rule of the task."),
    "offered": _("%(task)s was taken over by %(to)s, to whom a reminder had offered it."),
    "delegated": _("%(task)s was handed on to %(to)s, who votes in their place."),
    "for": _("%(task)s was given to %(to)s, who stands in for %(for)s."),
    "fallback": _("%(task)s was given to %(to)s, as the one whom it is for cannot have it now."),
    "in_turn": _("%(task)s was given to %(to)s, whose turn it is."),
}
# By whom the rule has found.
_SENTENCES_OF_RULES: Final[Mapping[str, StrOrPromise]] = {
    "requester": _("%(task)s was given to %(to)s, who submitted the ticket."),
    "manager": _("%(task)s was given to %(to)s, the requester's manager."),
    "answer": _("%(task)s was given to %(to)s, whom an answer names."),
    "approver": _("%(to)s is asked to vote: %(task)s."),
    "doer": _("%(task)s was given to %(to)s, who did %(done)s."),
    "person": _("%(task)s was given to %(to)s, who does it always."),
}


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    found = next((said for name, said in _SENTENCES.items() if data.get(name)), None)
    rule = str(data.get("as") or "")
    return found or _SENTENCES_OF_RULES.get(rule) or _("%(task)s was given to %(to)s.")


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
