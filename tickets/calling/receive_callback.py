from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants.models import Company
from tickets.advancing.safety_net import advance_after_commit
from tickets.calling.callback_address import CallbackAddress
from tickets.calling.end_attempt import LockedTask
from tickets.calling.errors import (
    CallbackNotFittingError,
    CallbackTooLateError,
    UnknownCallbackError,
)
from tickets.models import Ticket
from workflows.actions import ActionError, read_callback
from workflows.engine.process import Json, JsonObject
from workflows.errors import TaskNotWorkableError
from workflows.models import ActionAttempt, TaskInstance


def receive_callback(
    *, address: CallbackAddress, body: Json, now: datetime | None = None
) -> JsonObject:
    """Complete the task that waits for this answer; returns what to reply.

    Must run in the company that the address names. A repeat is given the first reply again,
    whatever it brings. The answer may come before the call that asked for it has returned.

    Raises:
        UnknownCallbackError: there is no such attempt (any more).
        CallbackTooLateError: the time is over, or the task has ended otherwise.
        CallbackNotFittingError: no output can be made of the answer. The task goes on
            waiting, and the attempt keeps the reason.
    """
    now = now or timezone.now()
    try:
        return _receive(address, body, now=now)
    except ActionError as error:
        _record_refusal(address, str(error), now=now)
        raise CallbackNotFittingError(str(error)) from error


def _receive(address: CallbackAddress, body: Json, *, now: datetime) -> JsonObject:
    with transaction.atomic():
        locked = _lock(address, now=now)
        attempt = _attempt(address)
        if attempt.callback_answer is not None:
            return dict(attempt.callback_answer)
        in_time = attempt.answer_until is not None and now < attempt.answer_until
        latest = attempt.number == locked.task.attempts
        if not (locked.is_wanted and latest and in_time and attempt.may_still_be_answered):
            raise CallbackTooLateError
        facts = locked.manager.facts_at(locked.task, locked.ticket.facts(Company.objects.current()))
        output = read_callback(locked.task.definition, body, facts=facts)
        try:
            locked.manager.complete_task(locked.task, output=output)
        except TaskNotWorkableError as error:
            raise CallbackTooLateError from error
        reply: JsonObject = {"status": "accepted", "task": str(locked.task.uuid)}
        attempt.succeed(now=now, callback_answer=reply)
        attempt.save()
        advance_after_commit(locked.ticket.pk)
        return reply


def _lock(address: CallbackAddress, *, now: datetime) -> LockedTask:
    task = TaskInstance.objects.filter(uuid=address.task).first()
    ticket = (
        Ticket.objects.filter(workflow_instance=task.workflow_instance_id).first()
        if task is not None
        else None
    )
    if task is None or ticket is None:
        raise UnknownCallbackError
    return LockedTask.get(ticket_id=ticket.pk, task_id=task.pk, now=now)


def _attempt(address: CallbackAddress) -> ActionAttempt:
    found = ActionAttempt.objects.filter(task__uuid=address.task, number=address.attempt).first()
    if found is None:
        raise UnknownCallbackError
    return found


def _record_refusal(address: CallbackAddress, message: str, *, now: datetime) -> None:
    """For the ticket admin who will wonder why no answer came."""
    with transaction.atomic():
        _lock(address, now=now)
        attempt = _attempt(address)
        if attempt.is_running or attempt.is_waiting:
            attempt.error = message
            attempt.save(update_fields=["error"])
