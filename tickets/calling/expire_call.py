from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.jobs import defer
from tickets.calling.end_attempt import Chance, LockedTask, chance, retry_or_fail
from tickets.job_names import EXPIRE_CALL
from workflows.actions import TemporaryActionError
from workflows.engine.failure import FailureReason
from workflows.models import ActionAttempt


def expire_call(
    *,
    ticket_id: int,
    task_id: int,
    attempt: int,
    now: datetime | None = None,
    chance: Chance = chance,
) -> None:
    """Give up waiting for the callback of an attempt whose time is over.

    That uses the attempt up: the next one is made, or a ticket error shows it.
    """
    now = now or timezone.now()
    with transaction.atomic():
        locked = LockedTask.get(ticket_id=ticket_id, task_id=task_id, now=now)
        waiting = ActionAttempt.objects.get(task=locked.task, number=attempt)
        if not waiting.is_waiting or waiting.answer_until is None:
            return
        left = (waiting.answer_until - now).total_seconds()
        if left > 0:  # the clocks of two machines differ
            arguments = {"ticket_id": ticket_id, "task_id": task_id, "attempt": attempt}
            defer(EXPIRE_CALL, after_seconds=left, **arguments)
            return
        said = _sentence(waiting, locked)
        error = TemporaryActionError(said, reason=FailureReason.NO_ANSWER)
        waiting.time_out(error=str(error), now=now)
        waiting.save()
        if locked.is_wanted:
            retry_or_fail(locked, waiting, error, chance=chance)


def _sentence(attempt: ActionAttempt, locked: LockedTask) -> str:
    words = {"seconds": locked.task.definition.timeout_seconds, "refused": attempt.error}
    if attempt.error:
        return (
            _("No answer that fits came within %(seconds)d seconds. The last one: %(refused)s")
            % words
        )
    return _("The call was accepted, but no answer came within %(seconds)d seconds.") % words
