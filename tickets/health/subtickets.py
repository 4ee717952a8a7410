"""What must hold of steps that start tickets: each knows its ticket, none waits in vain."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tickets.health import mending
from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.health.queued_jobs import job_following
from tickets.models import TicketError
from tickets.models.ticket import ticket_number
from workflows.engine.task_types import SUBTICKET_TYPES
from workflows.models import TaskInstance, TaskStatus, WorkflowInstance, WorkflowStatus
from workflows.models.task_instance import ALIVE
from workflows.models.workflow_instance import ENDED, RUNNING


def subticket_findings() -> Iterator[Finding]:
    """Three queries, however many there are."""
    steps = TaskInstance.objects.filter(definition__task_type__in=SUBTICKET_TYPES, status__in=ALIVE)
    if steps.exists():
        yield from _steps_that_wait_in_vain()
    yield from _that_nobody_waits_for()


def _steps_that_wait_in_vain() -> Iterator[Finding]:
    started = WorkflowInstance.objects.filter(started_by=OuterRef("pk"))
    has_ended = Exists(started.filter(status__in=ENDED))
    is_unnoted = Q(status=TaskStatus.PENDING)  # it is to be started, or to be noted
    is_gone = ~Exists(started)
    tasks = TaskInstance.objects.current().filter(
        is_unnoted | has_ended | is_gone,
        ~job_following("pk"),
        ~Exists(TicketError.objects.unmarked().filter(task=OuterRef("pk"))),
        definition__task_type__in=SUBTICKET_TYPES,
        status__in=ALIVE,
        workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        workflow_instance__ticket__isnull=False,
    )
    columns = ("pk", "workflow_instance__ticket", "definition__title", "status")
    for pk, ticket, task, status in (
        tasks.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    ):
        if status == TaskStatus.PENDING:
            message = _("“%(task)s” is to start a ticket, but no job does it.")
        else:
            message = _(
                "“%(task)s” waits for a ticket that has ended, or is gone, and nothing ends the "
                "wait."
            )
        yield finding(
            ticket, message % {"task": task}, partial(mending.requeue_subticket, ticket, pk)
        )


def _that_nobody_waits_for() -> Iterator[Finding]:
    is_left = Q(started_by__status=TaskStatus.CANCELLED) | Q(
        started_by__status=TaskStatus.COMPLETED, started_by__definition__wait_for_end=True
    )
    instances = WorkflowInstance.objects.filter(
        is_left,
        ~job_following("started_by"),
        started_by__isnull=False,
        started_by__workflow_instance__ticket__isnull=False,
        status__in=RUNNING,
        was_cancelled=False,
        ticket__isnull=False,
    )
    columns = ("ticket", "started_by", "started_by__workflow_instance__ticket")
    for ticket, task, above in (
        instances.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    ):
        message = _("It was started by %(number)s, which does not wait for it any more.")
        yield finding(
            ticket,
            message % {"number": ticket_number(above)},
            partial(mending.requeue_subticket, above, task),
        )
