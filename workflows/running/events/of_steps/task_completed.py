"""A task is done.

Its data: the `output`; `by_hand` and `reason` where a ticket admin did it, `by_contact` where
whoever was sent it outside has.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.engine.steps.approvals import VOTE_FIELD, Vote
from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Details, Rules, Screen, TaskTime, Tone, data_of, declare
from workflows.running.events.state import State


def _complete(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.outputs_around(task)[task.key] = event.data["output"]


def _vote(event: WorkflowEvent) -> str:
    """What was voted, where it was a vote; else empty."""
    task, output = event.task_instance, data_of(event).get("output")
    if task is None or not task.definition.is_vote or not isinstance(output, dict):
        return ""
    return str(output.get(VOTE_FIELD) or "")


def _history(event: WorkflowEvent) -> str:
    if data_of(event).get("by_hand"):
        return _("%(task)s was finished by hand.")
    if data_of(event).get("by_contact"):
        return _("%(task)s was answered by %(contact)s, who is outside the company.")
    match _vote(event):
        case Vote.APPROVE.value:
            return _("%(task)s: a vote to approve.")
        case Vote.REFUSE.value:
            return _("%(task)s: a vote to refuse.")
    return _("%(task)s was completed.")


def _timeline(event: WorkflowEvent) -> str:
    if data_of(event).get("by_contact"):
        return _("%(task)s was answered by somebody outside.")
    if event.actor:
        match _vote(event):
            case Vote.APPROVE.value:
                return _("%(person)s approved: %(task)s.")
            case Vote.REFUSE.value:
                return _("%(person)s refused: %(task)s.")
    return _("%(person)s completed %(task)s.") if event.actor else _("%(task)s was done.")


TASK_COMPLETED = declare(
    "TASK_COMPLETED",
    rules=Rules(effect=_complete, time=TaskTime.GOES_ON, once="end", answers=("output",)),
    screen=Screen(
        icon="check",
        tone=Tone.GOOD,
        history=_history,
        timeline=_timeline,
        details=Details.OUTPUT,
    ),
)
