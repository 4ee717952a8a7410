"""What follows an attempt that failed: another one, a way out of the call, or a ticket error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom

from django.utils.translation import gettext as _

from tickets.advancing.defer_call import defer_call
from tickets.advancing.lock_ticket import lock_ticket
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.calling.leave_failed_call import WayOut, leave_failed_call
from tickets.models import ErrorType, Ticket, TicketError
from workflows.actions import ActionError, TemporaryActionError, pause_before
from workflows.errors import TaskNotWorkableError
from workflows.models import ActionAttempt, TaskInstance, TaskStatus
from workflows.running.state_manager import WorkflowStateManager

type Chance = Callable[[], float]

# Random numbers from 0 to 1, which spread the retries of calls that failed together.
chance: Chance = SystemRandom().random

# The states of an action task in which its answer is still wanted.
WANTED = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class LockedTask:
    """An action task whose ticket and workflow instance this transaction has locked.

    All three are as they were after the wait for the locks.
    """

    ticket: Ticket
    manager: WorkflowStateManager
    task: TaskInstance

    @classmethod
    def get(cls, *, ticket_id: int, task_id: int, now: datetime) -> LockedTask:
        ticket = lock_ticket(ticket_id)
        if ticket.workflow_instance_id is None:
            raise TaskNotWorkableError
        manager = WorkflowStateManager.lock(ticket.workflow_instance_id, now=now)
        task = TaskInstance.objects.select_related("definition").get(
            pk=task_id, workflow_instance=manager.instance
        )
        return cls(ticket=ticket, manager=manager, task=task)

    def read_anew(self) -> LockedTask:
        """After something of it was undone, in the same transaction."""
        return LockedTask.get(ticket_id=self.ticket.pk, task_id=self.task.pk, now=self.manager.now)

    @property
    def is_wanted(self) -> bool:
        return self.task.status in WANTED


def retry_or_fail(
    locked: LockedTask, attempt: ActionAttempt, error: ActionError, *, chance: Chance
) -> None:
    """After an attempt that was not answered: defer the next one, or fail for good.

    In the transaction that closes the attempt.
    """
    if not isinstance(error, TemporaryActionError):
        fail_for_good(locked, error)
        return
    retry = locked.task.definition.retries - attempt.retries_left + 1
    if not attempt.retries_left:
        fail_for_good(locked, error, attempts=retry)
        return
    defer_call(
        ticket_id=locked.ticket.pk,
        task_id=locked.task.pk,
        attempt=attempt.number + 1,
        after_seconds=pause_before(retry, chance=chance(), retry_after=error.retry_after),
    )


def fail_for_good(locked: LockedTask, error: ActionError, *, attempts: int = 1) -> None:
    """Go on where the workflow has a way for this failure; else keep a ticket error.

    `attempts` is how many were made.
    """
    message = str(error)
    if attempts > 1:
        message = _("%(error)s It was tried %(count)d times.") % {
            "error": message,
            "count": attempts,
        }
    way_out = WayOut()
    failure = error.failure(message=message)
    if failure is not None:
        way_out = leave_failed_call(locked.ticket, locked.manager, locked.task, failure)
        if way_out.taken:
            return
        if way_out.is_undone:
            locked = locked.read_anew()
        message = " ".join(filter(None, (message, way_out.problem)))
    is_marked = try_to_put_into_error(lambda: locked.manager.fail_task(locked.task, reason=message))
    TicketError.objects.create(
        ticket=locked.ticket,
        task=locked.task,
        error_type=ErrorType.TASK_UPDATE,
        message=message,
        stack_trace="\n".join(filter(None, (error.detail, way_out.trace))),
        is_step_marked=is_marked,
    )
