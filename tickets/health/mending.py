"""How `manage.py doctor --repair` puts things right. Each is safe to repeat."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tenants.database.sequences import align_sequences
from tenants.jobs import defer, defer_all, is_under_way
from tickets.advancing.call_jobs import defer_call_if_due
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.advancing.timer_jobs import (
    defer_end_of_wait,
    defer_reminder,
    defer_timer,
    end_of_offer_job,
)
from tickets.calling.end_attempt import LockedTask, chance, retry_or_fail
from tickets.calling.expire_call import expire_call
from tickets.health.queued_jobs import WAITING
from tickets.job_names import (
    ADVANCE,
    DELIVER_WEBHOOK,
    END_OFFER,
    END_WAIT,
    EXPIRE_CALL,
    FIRE_TIMER,
    FOLLOW_SUBTICKET,
    REMIND,
)
from tickets.models import AssistantOffer, ErrorType, Ticket, TicketError
from tickets.moving.move_tickets import obstacle_of_data
from tickets.repairing.handle_error import record_error_event
from workflows.actions import TemporaryActionError
from workflows.models import (
    ActionAttempt,
    AttemptOutcome,
    TaskInstance,
    TaskStatus,
)
from workflows.people.releasing import give_out_waiting_tasks
from workflows.running.events.of_repairs.error_resolved import ERROR_RESOLVED
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.workflow_repair import WorkflowRepair


def requeue_step(ticket_id: int) -> str:
    """The step is taken by the worker; it finds nothing to do where somebody was quicker."""
    with transaction.atomic():
        defer(ADVANCE, ticket_id=ticket_id)
    return _("The step was put into the queue again.")


def requeue_call(ticket_id: int, task_id: int) -> str:
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        if defer_call_if_due(task, ticket_id=ticket_id):
            return _("The call was put into the queue again.")
    return ""


def requeue_subticket(ticket_id: int, task_id: int) -> str:
    """The job looks itself at both tickets, and does what is due."""
    with transaction.atomic():
        defer(FOLLOW_SUBTICKET, ticket_id=ticket_id, task_id=task_id)
    return _("The sub-ticket is looked after again.")


def requeue_webhook(webhook_id: int, ticket_id: int) -> str:
    """The job looks itself at what is to be delivered, and does nothing where nothing is."""
    with transaction.atomic():
        defer(DELIVER_WEBHOOK, webhook_id=webhook_id, ticket_id=ticket_id)
    return _("The message of the webhook was put into the queue again.")


def requeue_expiry(ticket_id: int, task_id: int) -> str:
    """The end of a wait for a callback: at once, where its time is over."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        attempt = ActionAttempt.objects.latest_of(task.pk)
        if attempt is None or not attempt.is_waiting or attempt.answer_until is None:
            return ""
        left = (attempt.answer_until - timezone.now()).total_seconds()
        arguments = {"ticket_id": ticket_id, "task_id": task_id, "attempt": attempt.number}
        defer(EXPIRE_CALL, after_seconds=max(left, 0), **arguments)
    return _("The end of the wait was put into the queue again.")


def end_wait(ticket_id: int, task_id: int) -> str:
    """What the job would do whose time has come: it finds nothing to do then."""
    attempt = ActionAttempt.objects.latest_of(task_id)
    if attempt is None or not attempt.is_waiting:
        return ""
    expire_call(ticket_id=ticket_id, task_id=task_id, attempt=attempt.number)
    waiting = ActionAttempt.objects.filter(pk=attempt.pk, outcome=AttemptOutcome.WAITING)
    if waiting.exists():  # its time was prolonged in the meantime
        return ""
    return _("The wait was ended; the call is made again, or an error shows it.")


def end_lost_attempt(ticket_id: int, task_id: int, attempt_id: int) -> str:
    """As after a worker that was killed: the attempt counts, and its retries bound the next.

    The other system knows the next call by the same Idempotency-Key.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = LockedTask.get(ticket_id=ticket_id, task_id=task_id, now=now)
        attempt = ActionAttempt.objects.get(pk=attempt_id, task=task_id)
        if not attempt.is_running or (attempt.job_id and is_under_way(attempt.job_id)):
            return ""
        error = TemporaryActionError(
            _("The process that made the call ended before it had an answer.")
        )
        attempt.mark_lost(error=str(error), now=now)
        attempt.save()
        if not locked.is_wanted:
            return _("The attempt was recorded as lost; its task had ended otherwise.")
        retries = attempt.retries_left
        retry_or_fail(locked, attempt, error, chance=chance)
    if retries:
        return _("The attempt was recorded as lost, and the next one put into the queue.")
    return _("The attempt was recorded as lost; it was the last one, and an error shows it.")


def requeue_timer(ticket_id: int, task_id: int, after: str, since: datetime, due: datetime) -> str:
    """The timer fires at once where its time is over; it looks itself whether it is wanted."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        if not task.is_alive or _is_queued(FIRE_TIMER, task_id=task_id, after=after):
            return ""
        defer_timer(
            ticket_id=ticket_id,
            task_id=task_id,
            after=after,
            since=since,
            due=due,
            now=timezone.now(),
        )
    return _("The timer was put into the queue again.")


def requeue_reminder(
    ticket_id: int, task_id: int, reminder: str, since: datetime, due: datetime
) -> str:
    """It comes at once where its time is over; the job looks itself whether it is wanted."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        if not task.is_alive or _is_queued(REMIND, task_id=task_id, reminder=reminder):
            return ""
        defer_reminder(
            ticket_id=ticket_id,
            task_id=task_id,
            reminder=reminder,
            since=since,
            due=due,
            now=timezone.now(),
        )
    return _("The reminder was put into the queue again.")


def requeue_end_of_wait(ticket_id: int, task_id: int, until: datetime) -> str:
    """It ends at once where its time is over; the job looks itself whether it is wanted."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        is_wanted = task.is_alive and task.waits_until == until
        if not is_wanted or _is_queued(END_WAIT, task_id=task_id, until=until.isoformat()):
            return ""
        defer_end_of_wait(ticket_id=ticket_id, task_id=task_id, until=until, now=timezone.now())
    return _("The end of the wait was put into the queue again.")


def requeue_end_of_offer(ticket_id: int, task_id: int) -> str:
    """It ends at once where its time is over; the job looks itself whether it is wanted."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        offer = AssistantOffer.objects.filter(task=task.pk, ended_at=None).first()
        if offer is None or not task.is_alive or _is_queued(END_OFFER, task_id=task_id):
            return ""
        job = end_of_offer_job(
            ticket_id=ticket_id, task_id=task_id, until=offer.until, now=timezone.now()
        )
        defer_all([job])
    return _("The end of the offer was put into the queue again.")


def align_ticket_version(ticket_id: int) -> str:
    """Let the ticket belong to the version that it runs on, where its data fit that."""
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        if ticket.workflow_instance_id is None:
            return ""
        manager = WorkflowStateManager.lock(ticket.workflow_instance_id, now=timezone.now())
        runs_on = manager.instance.workflow
        same = runs_on.key == ticket.workflow.key
        if runs_on.pk == ticket.workflow_id or not same or obstacle_of_data(ticket, runs_on):
            return ""
        ticket.workflow = runs_on
        ticket.save(update_fields=["workflow", "updated_at"])
    return _("The ticket belongs to version %(version)s now.") % {"version": runs_on.version}


def align_ids() -> str:
    """All that are behind at once; for the next one of them nothing is left to do."""
    align_sequences()
    return _("The ids go on after the last row now.")


def assign_task(task_id: int) -> str:
    with transaction.atomic():
        give_out_waiting_tasks(now=timezone.now())
        task = TaskInstance.objects.select_related("assigned_to").get(pk=task_id)
    if task.assigned_to is None:
        return ""
    return _("The task was given to %(person)s.") % {"person": task.assigned_to}


def open_missing_error(ticket_id: int, task_id: int) -> str:
    """A task in ERROR without an open error is stuck unseen: open one."""
    with transaction.atomic():
        task = _lock_task(ticket_id, task_id)
        ticket = Ticket.objects.get(pk=ticket_id)
        is_shown = ticket.errors.stopping().filter(task=task).exists()
        if is_shown or task.status != TaskStatus.ERROR:
            return ""
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=(
                ErrorType.TASK_UPDATE if task.output_data is None else ErrorType.WORKFLOW_TRANSITION
            ),
            message=_(
                "This step failed, and its error was closed without the step being tried again "
                "or finished. Retry it, finish it by hand, or cancel the ticket."
            ),
        )
    return _("A new error shows it to the ticket admins.")


def mark_failed(ticket_id: int, error_id: int) -> str:
    """A step whose error stands for it is put into error, now that the database may take it."""
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        manager = lock_instance_of(ticket, WorkflowRepair, now=timezone.now())
        error = TicketError.objects.unmarked().filter(pk=error_id, ticket=ticket).first()
        if error is None or error.task_id is None:
            return ""
        task = manager.read_task(error.task_id)
        if not try_to_put_into_error(lambda: manager.catch_up_failure(task, reason=error.message)):
            return ""
        error.is_step_marked = True
        error.save(update_fields=["is_step_marked", "updated_at"])
    return _("The step is noted as failed now.")


def resolve_error(ticket_id: int, error_id: int) -> str:
    """An error of a ticket that has ended is nobody's work."""
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        error = TicketError.objects.select_for_update(no_key=True).get(pk=error_id)
        if error.is_resolved or not ticket.has_ended:
            return ""
        error.resolve(notes=_("Closed by the health check: the ticket has ended."))
        error.save(update_fields=["status", "resolution_notes", "updated_at"])
        if ticket.workflow_instance is not None:
            record_error_event(
                ERROR_RESOLVED,
                error,
                instance=ticket.workflow_instance,
                by=None,
                at=timezone.now(),
            )
    return _("The error was closed.")


def _lock_task(ticket_id: int, task_id: int) -> TaskInstance:
    ticket = lock_ticket(ticket_id)
    manager = WorkflowStateManager.lock(ticket.workflow_instance_id or 0, now=timezone.now())
    tasks = TaskInstance.objects.select_related("definition")
    return tasks.get(pk=task_id, workflow_instance=manager.instance)


def _is_queued(job: str, **arguments: int | str) -> bool:
    """Whether a job of the active company with these arguments waits, or runs."""
    wanted = {"schema": current_schema(), **arguments}
    jobs = ProcrastinateJob.objects.filter(task_name=job, status__in=WAITING)
    return jobs.filter(args__contains=wanted).exists()
