"""Mails of steps and of ways: what the app above does, which knows tickets and writes the mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tenants.hooks import Hook
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.at_once import Made
from workflows.engine.steps.messages import MessageSpec, messages_of
from workflows.models import TaskInstance, WorkflowInstance


@dataclass(frozen=True, slots=True)
class Mail:
    """What is sent; of one to a company role, `role_id` is its number."""

    spec: MessageSpec
    role_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The mails that go out together.

    Those of the step `task`, or of a way: `task` is what that leaves then, None at the start.
    `key` is how the definition calls the task, `context` what conditions read there.
    """

    instance: WorkflowInstance
    task: TaskInstance | None
    key: str
    mails: Sequence[Mail]
    context: JsonObject
    now: datetime
    is_on_way: bool = False


# Puts mails into the outbox, in the transaction of the step, and gives of each what its event says.
# All of them or none: it raises AtOnceError where one cannot be sent.
SEND_MESSAGES: Hook[[Sending], list[JsonObject]] = Hook()


def send_message(task: TaskInstance, context: JsonObject, *, now: datetime) -> Made:
    """Send the mail of a step. All that was done before is written.

    Raises:
        AtOnceError: nobody can be written to, or too many mails were sent.
    """
    definition = task.definition
    mail = Mail(MessageSpec.of(definition.message), definition.candidate_role_id)
    sending = Sending(
        instance=task.workflow_instance,
        task=task,
        key=definition.key,
        mails=[mail],
        context=context,
        now=now,
    )
    note: JsonObject = {}
    for each in _send(sending):
        note |= each
    return Made({}, note)


def send_messages_on_way(
    messages: Json,
    *,
    instance: WorkflowInstance,
    left: TaskInstance | None,
    key: str | None,
    context: JsonObject,
    now: datetime,
) -> list[JsonObject]:
    """Send the mails of a way that is taken; what the events say of them is returned.

    `left` is the task that it leaves, and `key` how its definition calls that: None where it leads
    from the start, or from anywhere. All that was done before is written.

    Raises:
        AtOnceError: as `send_message`; then none was sent.
    """
    specs = messages_of(messages)
    mails = [Mail(each, each.role if isinstance(each.role, int) else None) for each in specs]
    sending = Sending(
        instance=instance,
        task=left,
        key=key or "",
        mails=mails,
        context=context,
        now=now,
        is_on_way=True,
    )
    return _send(sending)


def _send(sending: Sending) -> list[JsonObject]:
    return [note for notes in SEND_MESSAGES.call_all(sending) for note in notes]
