"""Transitions that are taken when a task has not ended in time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.connection import current_schema
from tenants.models import Company
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.defer_jobs_of_move import defer_jobs_of_move
from tickets.advancing.failed_step import UNREACHABLE, FailedStep
from tickets.advancing.lock_ticket import lock_task_of, lock_ticket
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.advancing.task_times import is_current_wait
from tickets.advancing.timer_jobs import defer_timer
from tickets.models import Ticket, TicketError
from workflows.errors import TaskNotWorkableError
from workflows.models import TaskInstance
from workflows.running.step_part import StepPart
from workflows.running.workflow_repair import WorkflowRepair

logger = logging.getLogger(__name__)


def fire_timer(
    *,
    ticket_id: int,
    task_id: int,
    after: str,
    due: str,
    since: str = "",
    now: datetime | None = None,
) -> None:
    """Leave a task that has not ended within `after`, where a transition says so.

    `due` is when, and `since` when the time began, in ISO 8601. Safe to call twice, late, or
    beside whoever completes the task: who comes second finds nothing to do. So does a timer
    whose time has begun anew. What fails becomes a ticket error.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job comes again.
    """
    now = now or timezone.now()
    moment = datetime.fromisoformat(due)
    began = datetime.fromisoformat(since) if since else None
    if now < moment:  # the clocks of two machines differ
        with transaction.atomic():
            defer_timer(
                ticket_id=ticket_id,
                task_id=task_id,
                after=after,
                since=began or now,
                due=moment,
                now=now,
            )
        return
    timer = _Timer(ticket_id=ticket_id, task_id=task_id, after=after, began=began, now=now)
    try:
        with transaction.atomic():
            ticket = lock_ticket(ticket_id)
            manager, task = timer.lock(ticket)
            timer.fire(ticket, manager, task)
        return
    except UNREACHABLE:
        raise
    except Exception:  # as in advance_ticket: a ticket admin must see it
        logger.exception("The timer of task %s of %s could not fire", task_id, current_schema())
    _fire_in_parts(timer)


@dataclass(frozen=True, slots=True)
class _Timer:
    ticket_id: int
    task_id: int
    after: str
    began: datetime | None
    now: datetime

    def lock(self, ticket: Ticket) -> tuple[WorkflowRepair, TaskInstance]:
        locked = lock_task_of(ticket, self.task_id, now=self.now)
        if locked is None:
            raise TaskInstance.DoesNotExist
        return locked

    def fire(self, ticket: Ticket, manager: WorkflowRepair, task: TaskInstance) -> None:
        if not is_current_wait(task, self.began):
            return
        manager.begin_part(StepPart.DECISION)
        facts = ticket.facts(Company.objects.current())
        move = manager.time_out(task, after=self.after, facts=facts)
        manager.begin_part(StepPart.TASK if move.new_tasks else manager.part)
        if move.moved and task.definition.is_call:
            cancel_jobs_of_task(task)
        if move.moved:
            follow_subtickets([task], ticket_id=ticket.pk)
        defer_jobs_of_move(ticket, move, manager=manager, now=self.now)


def _fire_in_parts(timer: _Timer) -> None:
    """Once more, so that it is known what of it fails."""
    ticket: Ticket | None = None
    manager: WorkflowRepair | None = None
    task: TaskInstance | None = None
    try:
        with transaction.atomic():
            ticket = lock_ticket(timer.ticket_id)
            manager, task = timer.lock(ticket)
            manager.write_in_parts()
            timer.fire(ticket, manager, task)
    except UNREACHABLE:
        raise
    except Exception as error:  # as above
        if ticket is None or task is None:
            raise
        _record_failure(timer, FailedStep.of(error, ticket, manager, left=task))


def _record_failure(timer: _Timer, failed: FailedStep) -> None:
    with transaction.atomic():
        ticket = lock_ticket(timer.ticket_id)
        manager, task = timer.lock(ticket)
        words = {"task": task.definition.title, "message": failed.message}
        message = _("The time of “%(task)s” is over. %(message)s") % words
        try:
            is_marked = try_to_put_into_error(lambda: manager.fail_task(task, reason=message))
        except TaskNotWorkableError:  # it has ended in the meantime, or is on hold
            return
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=failed.error_type,
            message=message,
            stack_trace=failed.trace,
            is_step_marked=is_marked,
        )
