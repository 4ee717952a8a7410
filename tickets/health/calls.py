"""What must hold of calls to other systems: somebody makes them, and somebody ends the wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateJob

from tickets.calling.end_attempt import WANTED
from tickets.health import mending
from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.health.queued_jobs import WAITING, job_calling, job_expiring
from tickets.models import TicketError
from workflows.engine.task_types import CALL_TYPES
from workflows.models import ActionAttempt, AttemptOutcome, TaskInstance, WorkflowStatus
from workflows.models.task_instance import TaskInstanceQuerySet

COLUMNS = ("pk", "workflow_instance__ticket", "definition__title")
# How long after its time a wait for an answer may still be going to be ended: by a worker that
# has much to do, or on a machine with another clock.
LATE = timedelta(minutes=2)


def call_findings() -> Iterator[Finding]:
    """Six queries, however many calls there are; two where there are none."""
    is_any_wanted = _calls().exists()
    if is_any_wanted:
        yield from _calls_without_job()
    if ActionAttempt.objects.filter(outcome=AttemptOutcome.RUNNING).exists():
        yield from _broken_off_calls()
    if is_any_wanted:
        yield from _endless_waits(now=timezone.now())
        yield from _untaken_answers()


def _calls() -> TaskInstanceQuerySet:
    """The calls whose answer is wanted."""
    wanted = TaskInstance.objects.filter(status__in=WANTED, workflow_instance__ticket__isnull=False)
    return wanted.filter(definition__task_type__in=CALL_TYPES).order_by("pk")


def _latest(column: str) -> Subquery:
    """Of the latest attempt at a task."""
    attempts = ActionAttempt.objects.filter(task=OuterRef("pk")).order_by("-number")
    return Subquery(attempts.values(column)[:1])


def _calls_without_job() -> Iterator[Finding]:
    under_way = (AttemptOutcome.RUNNING, AttemptOutcome.WAITING, AttemptOutcome.SUCCEEDED)
    calls = (
        _calls()
        .filter(
            ~job_calling("pk"),
            ~Exists(TicketError.objects.unmarked().filter(task=OuterRef("pk"))),
            workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        )
        .annotate(latest=_latest("outcome"))
        .filter(Q(latest=None) | ~Q(latest__in=under_way))
    )
    for pk, ticket, task in calls.values_list(*COLUMNS).iterator(chunk_size=AT_A_TIME):
        message = _("“%(task)s” is to be called, but no job makes the call.")
        yield finding(ticket, message % {"task": task}, partial(mending.requeue_call, ticket, pk))


def _broken_off_calls() -> Iterator[Finding]:
    """Attempts that are under way although the job that made them is gone.

    Nobody knows whether the other system understood them: they count as used up.
    """
    its_job = ProcrastinateJob.objects.filter(pk=OuterRef("job_id"), status__in=WAITING)
    attempts = ActionAttempt.objects.filter(
        ~Exists(its_job),
        # The job of another attempt closes it, and goes on.
        ~job_calling("task_id"),
        outcome=AttemptOutcome.RUNNING,
        task__workflow_instance__ticket__isnull=False,
    )
    columns = ("pk", "number", "task__workflow_instance__ticket", "task", "task__definition__title")
    for pk, number, ticket, task_id, task in (
        attempts.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    ):
        message = _(
            "The call of “%(task)s” (attempt %(number)s) broke off: the job that made it is gone. "
            "Look whether the other system has it: it is found there by the request id."
        ) % {"task": task, "number": number}
        yield finding(ticket, message, partial(mending.end_lost_attempt, ticket, task_id, pk))


def _endless_waits(*, now: datetime) -> Iterator[Finding]:
    calls = (
        _calls()
        .filter(workflow_instance__status__in=(WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD))
        .annotate(latest=_latest("outcome"), until=_latest("answer_until"))
        .filter(latest=AttemptOutcome.WAITING)
    )
    forgotten = calls.filter(~job_expiring("pk"), until__gt=now - LATE)
    for pk, ticket, task in forgotten.values_list(*COLUMNS).iterator(chunk_size=AT_A_TIME):
        message = _("“%(task)s” waits for an answer, and nothing will end the wait.")
        yield finding(ticket, message % {"task": task}, partial(mending.requeue_expiry, ticket, pk))
    over = calls.filter(until__lte=now - LATE).values_list(*COLUMNS, "until")
    for pk, ticket, task, until in over.iterator(chunk_size=AT_A_TIME):
        message = _(
            "“%(task)s” waited for an answer until %(until)s, and still waits. Look whether a "
            "worker runs."
        ) % {"task": task, "until": date_format(timezone.localtime(until), "DATETIME_FORMAT")}
        yield finding(ticket, message, partial(mending.end_wait, ticket, pk))


def _untaken_answers() -> Iterator[Finding]:
    """Not called again: the other system has done it."""
    calls = _calls().annotate(latest=_latest("outcome")).filter(latest=AttemptOutcome.SUCCEEDED)
    for _pk, ticket, task in calls.values_list(*COLUMNS).iterator(chunk_size=AT_A_TIME):
        message = _(
            "“%(task)s” was answered, but the task has not taken the answer: finish it by hand."
        )
        yield finding(ticket, message % {"task": task})
