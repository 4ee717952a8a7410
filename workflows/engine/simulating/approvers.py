"""Whom an approval asks in a simulation."""

from __future__ import annotations

from dataclasses import replace

from workflows.engine.process import Json, JsonObject, Process
from workflows.engine.rules.clock import Clock, with_time
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.steps.approvals import ApprovalSpec, Approvers, Needed, vote_key

from .answers import Answer


def usual_approvers(approval: ApprovalSpec) -> int:
    """How many people an approval asks in a simulation, where nobody knows how many there are.

    One more than must approve, so that a refusal can be seen, too; one where one is enough.
    """
    if isinstance(approval.needed, int) and approval.needed > 1:
        return approval.needed + 1
    return 1 if approval.needed != Needed.ALL else 2


def named_approvers(
    approval: ApprovalSpec, context: JsonObject, clock: Clock | None
) -> list[Json] | None:
    """Those whom an approval names; None: how many they are stands in no document."""
    if approval.who is Approvers.MANAGER:
        return [{}]
    if approval.who is not Approvers.PEOPLE:
        return None
    people = approval.people
    if isinstance(people, list):
        return [{"email": each} for each in people]
    working_time = None if clock is None else clock.working_time
    found = apply_transform(people, with_time(context, clock), working_time=working_time)
    listed = found if isinstance(found, list) else [found]
    return [each if isinstance(each, dict) else {"email": each} for each in listed if each]


def as_vote(process: Process, answer: Answer) -> Answer:
    """An answer to an approval is one of its votes, but for a time that passes."""
    task = process.tasks.get(answer.task)
    is_approval = task is not None and task.task_type.is_approval
    return (
        replace(answer, task=vote_key(answer.task)) if is_approval and not answer.after else answer
    )
