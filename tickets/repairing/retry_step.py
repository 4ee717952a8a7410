from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.models import User
from tickets.advancing.defer_call import defer_call
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.set_timers import restart_timers
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.models import ErrorType, SavedAnswers, TicketError
from tickets.repairing.begin_repair import (
    Repair,
    begin_repair,
    repair_transaction,
    resolved_message,
    sentence_with_person,
)
from tickets.repairing.complete_kept_form import complete_kept_form
from tickets.repairing.errors import ErrorAlreadyHandledError
from tickets.repairing.send_again import send_again
from workflows.models import TaskInstance

RETRIED = declare("tickets.step_retried", gettext_lazy("Tried a failed step again"))


def retry_step(
    *,
    error: TicketError,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
    to: str = "",
) -> None:
    """Try the step that failed again, and that step only; the error is resolved by it.

    A call is made again by the worker, with the same Idempotency-Key and a fresh number of
    retries; the start and the next transition are decided again right after the commit; a form is
    completed with the answers that its worker has sent, where those are kept, or goes back to
    whoever had it. A fault that persists makes a new error, or leaves this one open and is shown.
    Of two who retry at the same time one wins, and the other is refused. A mail that could not be
    delivered is sent again: see `tickets.repairing.send_again`, which says what `to` is.

    `expected` is what `tickets.repairing.begin_repair.marker_of` gave when the page was shown.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        ReasonMissingError: the reason is blank.
        ChangedMeanwhileError: the ticket is not as `expected` any more.
        ErrorAlreadyHandledError: the error is resolved; it says how.
        NothingToRetryError: the step is no longer in error.
        WorkflowEndedError, WorkflowOnHoldError: the ticket does not run.
        RepairFailedError: it failed again, and nothing was changed.
        what `send_again` raises
    """
    with repair_transaction():
        repair = begin_repair(
            RETRIED, ticket_id=error.ticket_id, by=by, reason=reason, expected=expected, now=now
        )
        retry_locked(repair, error=error, to=to)


def retry_locked(repair: Repair, *, error: TicketError, to: str = "") -> None:
    """The rest of `retry_step`, for repairs that change something first."""
    errors = TicketError.objects.select_for_update(no_key=True)
    locked = errors.get(pk=error.pk, ticket=repair.ticket)
    if locked.is_resolved:
        raise ErrorAlreadyHandledError(resolved_message(locked))
    if locked.error_type == ErrorType.DELIVERY:
        send_again(repair, locked, to=to)
        return
    how = sentence_with_person(_("Tried again by %(person)s:"), repair.by)
    if locked.task_id is None:
        repair.manager.retry_start(reason=repair.reason)
        starting = TicketError.objects.filter(ticket=repair.ticket, task=None)
        repair.resolve(starting, how=how)
        advance_after_commit(repair.ticket.pk)
        return
    task = repair.manager.read_task(locked.task_id)
    if not locked.is_step_marked:
        repair.manager.catch_up_failure(task, reason=locked.message)
    if task.output_data is None:
        _do_again(repair, task)
    else:
        repair.manager.retry_transition(task, reason=repair.reason)
        advance_after_commit(repair.ticket.pk)
    repair.resolve_errors_of(task, how=how)


def _do_again(repair: Repair, task: TaskInstance) -> None:
    sent = SavedAnswers.objects.sent_for(task)
    if sent is not None and complete_kept_form(sent, task, repair=repair):
        return
    repair.manager.retry_task(task, reason=repair.reason)
    restart_timers(ticket_id=repair.ticket.pk, task=task, now=repair.manager.now)
    if task.definition.is_call:
        defer_call(ticket_id=repair.ticket.pk, task_id=task.pk)
    elif task.definition.is_subticket:
        follow_subtickets([task], ticket_id=repair.ticket.pk)
    elif not task.definition.is_form:  # a block is entered again, a step of the engine's own done
        advance_after_commit(repair.ticket.pk)
