from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.companies.company_limits import count_call
from tenants.connection import current_schema
from tenants.errors import CallsUsedUpError, EncryptionError
from tenants.jobs import defer, is_under_way
from tenants.models import Company
from tenants.observing.log_context import note_reason
from tickets.advancing.failed_step import UNREACHABLE, with_reason
from tickets.advancing.safety_net import advance_after_commit
from tickets.calling.callback_address import CallbackAddress
from tickets.calling.end_attempt import Chance, LockedTask, chance, fail_for_good, retry_or_fail
from tickets.job_names import EXPIRE_CALL
from workflows.actions import (
    ActionError,
    Answer,
    CallRequest,
    TemporaryActionError,
    check_status,
    make_call,
    prepare_call,
    read_output,
    signed,
)
from workflows.engine.process import JsonObject
from workflows.errors import TaskNotWorkableError
from workflows.models import ActionAttempt, TaskDefinition
from workflows.running.repair.by_hand import corrected_input
from workflows.signing.signing_secrets import active_secrets

logger = logging.getLogger(__name__)

type Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Action:
    """What a job is asked to do, and what it measures and draws with."""

    ticket_id: int
    task_id: int
    attempt: int | None
    job_id: int | None
    clock: Clock
    chance: Chance

    def lock(self) -> LockedTask:
        return LockedTask.get(ticket_id=self.ticket_id, task_id=self.task_id, now=self.clock())


@dataclass(frozen=True, slots=True)
class Begun:
    """A call whose attempt is recorded and committed."""

    request: CallRequest
    attempt_id: int
    definition: TaskDefinition
    facts: JsonObject


def run_action(
    *,
    ticket_id: int,
    task_id: int,
    attempt: int | None = None,
    job_id: int | None = None,
    clock: Clock = timezone.now,
    chance: Chance = chance,
) -> None:
    """Make one attempt at the call of an action task, and move on with its answer.

    The call runs outside any transaction; the attempt is recorded and committed before it,
    so that one whose process was killed still counts. A failure that may pass defers the
    next attempt, any other becomes a ticket error. `attempt` is the number that the job was
    deferred for: see `defer_call`. By `job_id` it knows a job that runs again.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
        CallsUsedUpError: the company must wait with it; the job is repeated then.
    """
    action = Action(ticket_id, task_id, attempt, job_id, clock, chance)
    try:
        begun = _begin(action)
    except (*UNREACHABLE, CallsUsedUpError):
        raise
    except ActionError as error:  # the call cannot even be put together
        _record_failure(action, error)
        return
    except Exception as error:  # whatever it is, a ticket admin must see it
        _record_failure(action, _unexpected(action, error))
        return
    if begun is not None:
        _call(action, begun)


def _call(action: Action, begun: Begun) -> None:
    answer: Answer | None = None
    try:
        answer = make_call(begun.request)
        if begun.definition.is_answered_later:
            check_status(begun.definition, answer)
            _wait(action, begun, answer)
        else:
            output = read_output(begun.definition, answer, facts=begun.facts)
            _finish(action, begun, answer, output)
    except UNREACHABLE:
        raise
    except ActionError as error:
        _record_failed_attempt(action, begun, answer, error)
    except Exception as error:  # as above
        _record_failed_attempt(action, begun, answer, _unexpected(action, error))


def _unexpected(action: Action, error: Exception) -> ActionError:
    logger.exception(
        "The call of task %s of ticket %s of %s failed",
        action.task_id,
        action.ticket_id,
        current_schema(),
    )
    message = _(
        "The call could not be made, or what it brought could not be kept. Look at its attempts:"
        " they say whether the other system has answered."
    )
    detail = "".join(traceback.format_exception(error))
    return ActionError(with_reason(message, error), detail=detail)


def _begin(action: Action) -> Begun | None:
    """Record the attempt; None where there is nothing to call.

    Raises ActionError.
    """
    with transaction.atomic():
        locked = action.lock()
        latest = ActionAttempt.objects.latest_of(locked.task.pk)
        if not locked.is_wanted:
            _abandon_own_attempt(action, latest)
            return None
        if not _is_due(action, locked, latest):
            return None
        attempt = _new_attempt(action, locked, latest)
        company = Company.objects.current()
        count_call(company)
        facts = locked.manager.facts_at(locked.task, locked.ticket.facts(company))
        request = _request(locked, attempt, facts)
        try:
            locked.manager.begin_call(locked.task, input_data=request.body)
        except TaskNotWorkableError:  # on hold, or cancelled: the call is not made
            return None
        attempt.save()
    return Begun(request, attempt.pk, locked.task.definition, facts)


def _abandon_own_attempt(action: Action, latest: ActionAttempt | None) -> None:
    """Close what an earlier run of this job left behind, of a task that has ended since."""
    if latest is not None and latest.is_running and latest.job_id == action.job_id:
        latest.abandon(now=action.clock())
        latest.save()


def _is_due(action: Action, locked: LockedTask, latest: ActionAttempt | None) -> bool:
    """Whether this job shall call now; closes what an earlier process left behind.

    A job makes one attempt and no more, also where it runs again long after it: its worker may
    have died when that attempt was closed, and the job of the next one may have been quicker.
    """
    if latest is None:
        return _is_next(action, locked)
    if latest.is_running:
        ours = latest.job_id == action.job_id
        if not ours and latest.job_id is not None and is_under_way(latest.job_id):
            return False
        error = TemporaryActionError(
            _("The process that made the call ended before it had an answer.")
        )
        latest.mark_lost(error=str(error), now=action.clock())
        latest.save()
        if ours or _has_called(action, locked):
            retry_or_fail(locked, latest, error, chance=action.chance)
            return False
        return _is_next(action, locked)
    if latest.is_waiting or _has_called(action, locked):
        return False
    return _is_next(action, locked)


def _has_called(action: Action, locked: LockedTask) -> bool:
    made = ActionAttempt.objects.filter(task=locked.task, job_id=action.job_id)
    return action.job_id is not None and made.exists()


def _is_next(action: Action, locked: LockedTask) -> bool:
    return action.attempt is None or action.attempt == locked.task.attempts + 1


def _new_attempt(action: Action, locked: LockedTask, latest: ActionAttempt | None) -> ActionAttempt:
    now = action.clock()
    definition = locked.task.definition
    retries_left = definition.retries
    if action.attempt is not None and latest is not None:
        retries_left = max(latest.retries_left - 1, 0)
    later = definition.is_answered_later
    return ActionAttempt(
        task=locked.task,
        number=locked.task.attempts + 1,
        job_id=action.job_id,
        retries_left=retries_left,
        started_at=now,
        answer_until=now + timedelta(seconds=definition.timeout_seconds) if later else None,
    )


def _request(locked: LockedTask, attempt: ActionAttempt, facts: JsonObject) -> CallRequest:
    callback_url = ""
    if attempt.answer_until is not None:
        callback_url = CallbackAddress(current_schema(), locked.task.uuid, attempt.number).url()
    request = prepare_call(
        locked.task,
        facts=facts,
        request_id=str(attempt.request_id),
        callback_url=callback_url,
        corrected=corrected_input(locked.task),
    )
    now = attempt.started_at
    try:
        secrets = active_secrets(now=now)
    except EncryptionError as error:
        raise ActionError(str(error)) from error
    request = signed(request, secrets=secrets, now=now)
    attempt.keep_sent(request.content)
    return request


def _finish(action: Action, begun: Begun, answer: Answer, output: JsonObject) -> None:
    with transaction.atomic():
        locked = action.lock()
        attempt = _attempt_after_call(action, begun, answer)
        if not attempt.is_over or locked.is_wanted:
            attempt.succeed(now=action.clock())
        attempt.save()
        if locked.is_wanted:
            locked.manager.complete_task(locked.task, output=output)
            advance_after_commit(locked.ticket.pk)


def _wait(action: Action, begun: Begun, answer: Answer) -> None:
    """The call was accepted: the answer comes later, unless it was quicker than this."""
    with transaction.atomic():
        locked = action.lock()
        attempt = _attempt_after_call(action, begun, answer)
        if attempt.is_running and locked.is_wanted and attempt.answer_until is not None:
            attempt.wait()
            locked.manager.wait_for_callback(locked.task)
            left = (attempt.answer_until - action.clock()).total_seconds()
            defer(
                EXPIRE_CALL,
                after_seconds=max(left, 0),
                ticket_id=locked.ticket.pk,
                task_id=locked.task.pk,
                attempt=attempt.number,
            )
        elif attempt.is_running:
            attempt.abandon(now=action.clock())
        attempt.save()


def _attempt_after_call(action: Action, begun: Begun, answer: Answer | None) -> ActionAttempt:
    """The attempt as it stands now: another process may have given it up, or answered it."""
    attempt = ActionAttempt.objects.get(pk=begun.attempt_id)
    attempt.record_call(status_code=answer.status if answer else None, now=action.clock())
    return attempt


def _record_failed_attempt(
    action: Action, begun: Begun, answer: Answer | None, error: ActionError
) -> None:
    with transaction.atomic():
        locked = action.lock()
        note_reason(type(error).__name__)
        attempt = _attempt_after_call(action, begun, answer)
        was_running = attempt.is_running
        if was_running:
            attempt.fail(error=str(error), now=action.clock())
        attempt.save()
        if was_running and locked.is_wanted:
            retry_or_fail(locked, attempt, error, chance=action.chance)


def _record_failure(action: Action, error: ActionError) -> None:
    with transaction.atomic():
        locked = action.lock()
        note_reason(type(error).__name__)
        if locked.is_wanted:
            fail_for_good(locked, error)
