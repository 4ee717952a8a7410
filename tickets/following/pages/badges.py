"""Statuses as coloured words: the same in lists and on detail pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from tenants.pages.badges import badge
from tickets.models import ErrorStatus, Ticket, TicketError
from tickets.models.assistant_offer import offer_of
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.models import (
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import WORKABLE
from workflows.priorities import SCREENS as PRIORITIES
from workflows.priorities import Priority
from workflows.running.events.of_calls.call_failed import CALL_FAILED

# The tones are CSS classes of definitions.css: badge-good, badge-bad ...
# COMPLETED is shown by its outcome.
WORKFLOW_TONES: Mapping[str, str] = {
    WorkflowStatus.NOT_STARTED: "plain",
    WorkflowStatus.IN_PROGRESS: "info",
    WorkflowStatus.CANCELLED: "plain",
    WorkflowStatus.ON_HOLD: "warn",
}
TASK_TONES: Mapping[str, str] = {
    TaskStatus.OPEN: "info",
    TaskStatus.IN_PROGRESS: "info",
    TaskStatus.PENDING: "warn",
    TaskStatus.COMPLETED: "good",
    TaskStatus.CANCELLED: "plain",
    TaskStatus.ERROR: "bad",
}
ERROR_TONES: Mapping[str, str] = {
    ErrorStatus.NEW: "bad",
    ErrorStatus.REVIEWED: "warn",
    ErrorStatus.RESOLVED: "good",
}


def ticket_badge(ticket: Ticket) -> SafeString:
    """The status of a ticket; of one that has come to an end, by what that end means.

    Fetch it with its workflow instance.
    """
    instance, status = ticket.workflow_instance, ticket.status
    outcome = None if instance is None else instance.end_outcome
    if ticket.is_cancelled:
        status = WorkflowStatus.CANCELLED
    if outcome is None:
        return badge(status.label, WORKFLOW_TONES[status])
    return badge(OUTCOMES[outcome].status, OUTCOMES[outcome].tone)


def task_badge(task: TaskInstance, *, failed: Collection[int] = ()) -> SafeString:
    """The status of a task; `failed` are the calls that failed, from which the ticket went on."""
    if task.pk in failed:
        return badge(gettext("Failed"), "bad")
    status = TaskStatus(task.status)
    return badge(status.label, TASK_TONES[status])


def assistant_badge(task: TaskInstance, *, now: datetime) -> SafeString | None:
    """In lists: that an assistant is at it, or that its suggestion waits to be checked."""
    offer = offer_of(task)
    if offer is None or task.status not in WORKABLE:
        return None
    if offer.is_open(now=now):
        until = timezone.localtime(offer.until)
        is_today = until.date() == timezone.localtime(now).date()
        time = date_format(until, "TIME_FORMAT" if is_today else "SHORT_DATETIME_FORMAT")
        return badge(gettext("An assistant is at it, until %(time)s") % {"time": time}, "info")
    if offer.is_suggestion:
        return badge(gettext("Suggestion to check"), "warn")
    return None


def failed_calls(tasks: Iterable[TaskInstance]) -> set[int]:
    """The calls among tasks that failed, after which the ticket went another way.

    One query, or none where no call was left undone.
    """
    undone = [
        each.pk
        for each in tasks
        if each.status == TaskStatus.CANCELLED and each.definition.is_call and each.attempts
    ]
    if not undone:
        return set()
    events = WorkflowEvent.objects.filter(task_instance__in=undone, kind=CALL_FAILED)
    return set(events.values_list("task_instance_id", flat=True))


def due_badge(task: TaskInstance, *, now: datetime) -> SafeString | str:
    """When the task should be finished: marked where that has passed; “-” where it has none."""
    if task.due_at is None:
        return "-"
    text = date_format(timezone.localtime(task.due_at), "SHORT_DATETIME_FORMAT")
    if not task.is_overdue(now=now):
        return text
    return format_html(
        '<span class="tk-late" title="{}">{} ({})</span>',
        gettext("It should have been finished by then."),
        text,
        gettext("overdue"),
    )


def error_badge(error: TicketError) -> SafeString:
    status = ErrorStatus(error.status)
    return badge(status.label, ERROR_TONES[status])


def priority_badge(priority: Priority) -> SafeString:
    screen = PRIORITIES[priority]
    return badge(screen.name, screen.tone)


def priority_of_row(ticket: Ticket) -> SafeString | str:
    """In a list what is usual needs no colour."""
    priority = ticket.priority_level
    return (
        str(PRIORITIES[priority].name) if priority is Priority.NORMAL else priority_badge(priority)
    )
