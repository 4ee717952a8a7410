"""What must hold of the tickets of one company."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from tenants.connection import current_schema
from tickets.health import mending
from tickets.health.finding import Finding
from tickets.health.queue import JobsOfCompany, remove_job
from tickets.models import Ticket, TicketError
from tickets.models.ticket import ENDED
from workflows.assignment import available_workers
from workflows.models import (
    ActionAttempt,
    AttemptOutcome,
    TaskInstance,
    TaskStatus,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.task_instance import WORKABLE

ALIVE = (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD)


def company_findings() -> list[Finding]:
    """What is wrong with the tickets of the active company.

    Reads one snapshot, so that a step that is being taken at this moment is seen before or
    after it, never in between; about a dozen queries, however many tickets there are.
    """
    is_first = not connection.in_atomic_block
    with transaction.atomic():
        if is_first:
            _read_one_snapshot()
        jobs = JobsOfCompany.read()
        return [
            *_steps_that_nobody_takes(jobs),
            *_calls_that_nobody_makes(jobs),
            *_forms_that_wait_without_need(),
            *_forms_with_the_wrong_person(),
            *_failures_that_nobody_sees(),
            *_errors_that_do_not_fit(),
            *_tasks_that_do_not_fit(),
            *_instances_that_do_not_fit(),
            *_jobs_without_a_ticket(jobs),
        ]


def _read_one_snapshot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _steps_that_nobody_takes(jobs: JobsOfCompany) -> Iterator[Finding]:
    open_errors = TicketError.objects.unresolved().filter(ticket=OuterRef("pk"))
    not_started = Q(workflow_instance=None) | Q(
        workflow_instance__status=WorkflowStatus.NOT_STARTED
    )
    to_leave = Q(
        workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        workflow_instance__current_task__status=TaskStatus.COMPLETED,
    )
    stuck = Ticket.objects.filter(not_started | to_leave).exclude(Exists(open_errors))
    for pk, task in stuck.order_by("pk").values_list(
        "pk", "workflow_instance__current_task__definition__title"
    ):
        if pk in jobs.advancing:
            continue
        message = (
            _("“%(task)s” is completed, but nothing moves the ticket on.") % {"task": task}
            if task
            else _("Its workflow has not started, and nothing will start it.")
        )
        yield _finding(pk, message, partial(mending.requeue_step, pk))


def _calls_that_nobody_makes(jobs: JobsOfCompany) -> Iterator[Finding]:
    outcome = ActionAttempt.objects.filter(task=OuterRef("pk")).order_by("-number")
    calls = (
        TaskInstance.objects.filter(
            status__in=(TaskStatus.PENDING, TaskStatus.IN_PROGRESS),
            workflow_instance__status=WorkflowStatus.IN_PROGRESS,
            workflow_instance__ticket__isnull=False,
        )
        .exclude(definition__task_type="FORM")
        .annotate(outcome=Subquery(outcome.values("outcome")[:1]))
        .order_by("pk")
    )
    for pk, ticket, task, last in calls.values_list(
        "pk", "workflow_instance__ticket", "definition__title", "outcome"
    ):
        title = {"task": task}
        if last == AttemptOutcome.WAITING:
            if pk not in jobs.expiring:
                message = _("“%(task)s” waits for an answer, and nothing will end the wait.")
                mend = partial(mending.requeue_expiry, ticket, pk)
                yield _finding(ticket, message % title, mend)
        elif pk not in jobs.calling:
            message = _("“%(task)s” is to be called, but no job makes the call.")
            yield _finding(ticket, message % title, partial(mending.requeue_call, ticket, pk))


def _forms_that_wait_without_need() -> Iterator[Finding]:
    waiting = TaskInstance.objects.unassigned().filter(
        workflow_instance__status=WorkflowStatus.IN_PROGRESS
    )
    rows = waiting.select_related("definition__candidate_role", "workflow_instance__ticket")
    can_do: dict[tuple[int | None, int | None], bool] = {}
    for task in rows:
        role = task.definition.candidate_role
        key = (role.pk if role is not None else None, task.released_by_id)
        if key not in can_do:
            can_do[key] = available_workers(role, but=task.released_by_id).exists()
        if can_do[key]:
            message = _("“%(task)s” waits for somebody, although somebody is available.")
            yield _finding(
                _ticket_of(task),
                message % {"task": task.definition.title},
                partial(mending.hand_out, task.pk),
            )


def _forms_with_the_wrong_person() -> Iterator[Finding]:
    fits = Q(assigned_to__is_active=True, assigned_to__company__schema_name=current_schema())
    forms = (
        TaskInstance.objects.filter(
            status__in=WORKABLE, definition__task_type="FORM", workflow_instance__status__in=ALIVE
        )
        .exclude(fits)
        .select_related("definition", "assigned_to", "workflow_instance__ticket")
    )
    for task in forms.order_by("pk"):
        words = {"task": task.definition.title, "person": task.assigned_to}
        if task.assigned_to is None:
            message = _("“%(task)s” is open, but nobody has it: assign it to somebody.")
        else:
            message = _(
                "“%(task)s” is with %(person)s, who cannot do it (any more): assign it to "
                "somebody else."
            )
        yield _finding(_ticket_of(task), message % words)


def _failures_that_nobody_sees() -> Iterator[Finding]:
    told = TicketError.objects.unresolved().filter(task=OuterRef("pk"))
    failed = TaskInstance.objects.filter(
        status=TaskStatus.ERROR, workflow_instance__ticket__isnull=False
    ).exclude(Exists(told))
    for pk, ticket, task in failed.order_by("pk").values_list(
        "pk", "workflow_instance__ticket", "definition__title"
    ):
        message = _("“%(task)s” is in error, but no open error tells the ticket admins.")
        mend = partial(mending.show_error, ticket, pk)
        yield _finding(ticket, message % {"task": task}, mend)


def _errors_that_do_not_fit() -> Iterator[Finding]:
    errors = TicketError.objects.unresolved()
    ended = Q(ticket__workflow_instance__status__in=ENDED)
    not_failed = Q(task__isnull=False) & ~Q(task__status=TaskStatus.ERROR)
    has_started = Q(task=None, ticket__workflow_instance__status__in=ALIVE)
    rows = errors.filter(ended | not_failed | has_started).select_related(
        "ticket__workflow_instance"
    )
    for error in rows.order_by("pk"):
        number = {"error": error.pk}
        if error.ticket.has_ended:
            message = _("The error %(error)s is open, although the ticket has ended.")
            mend = partial(mending.resolve_error, error.ticket_id, error.pk)
            yield _finding(error.ticket_id, message % number, mend)
        else:
            message = _(
                "The error %(error)s is open, although its step is not in error: close it with "
                "a note."
            )
            yield _finding(error.ticket_id, message % number)


def _tasks_that_do_not_fit() -> Iterator[Finding]:
    """Unfinished tasks of instances that do not run, and those that are not the current one."""
    not_alive = ~Q(workflow_instance__status__in=ALIVE)
    current = Q(workflow_instance__current_task=F("pk"))
    rows = (
        TaskInstance.objects.unfinished()
        .filter(not_alive | ~current | Q(workflow_instance__current_task=None))
        .select_related("definition", "workflow_instance__ticket")
    )
    for task in rows.order_by("pk"):
        words = {
            "task": task.definition.title,
            "status": task.get_status_display(),
            "workflow": task.workflow_instance.get_status_display(),
        }
        if task.workflow_instance.status not in ALIVE:
            message = _("“%(task)s” is not finished, although the workflow is: %(workflow)s.")
        else:
            message = _("“%(task)s” is not finished, but it is not the current task.")
        yield _finding(_ticket_of(task), message % words)


def _instances_that_do_not_fit() -> Iterator[Finding]:
    without_task = Q(status__in=ALIVE) & (
        Q(current_task=None) | Q(current_task__status=TaskStatus.CANCELLED)
    )
    foreign_task = Q(current_task__isnull=False) & ~Q(current_task__workflow_instance=F("pk"))
    rows = WorkflowInstance.objects.filter(
        Q(ticket=None) | without_task | foreign_task
    ).select_related("ticket")
    for instance in rows.order_by("pk"):
        ticket = getattr(instance, "ticket", None)
        if ticket is None:
            message = _("The workflow instance %(id)s belongs to no ticket.") % {"id": instance.pk}
            yield _finding(None, message)
        else:
            yield _finding(ticket.pk, _("Its workflow runs, but has no current task of its own."))


def _jobs_without_a_ticket(jobs: JobsOfCompany) -> Iterator[Finding]:
    named = {args["ticket_id"] for _id, _name, args in jobs.rows if "ticket_id" in args}
    known = set(Ticket.objects.filter(pk__in=named).values_list("pk", flat=True))
    for pk, name, args in jobs.rows:
        if "ticket_id" in args and args["ticket_id"] not in known:
            words = {"job": pk, "name": name, "ticket": args["ticket_id"]}
            message = _("The job %(job)s (%(name)s) names the ticket %(ticket)s, which is unknown.")
            yield _finding(None, message % words, partial(remove_job, pk))


def _ticket_of(task: TaskInstance) -> int | None:
    ticket = getattr(task.workflow_instance, "ticket", None)
    return ticket.pk if ticket is not None else None


def _finding(ticket_id: int | None, message: str, mend: partial[str] | None = None) -> Finding:
    return Finding(schema=current_schema(), ticket_id=ticket_id, message=message, mend=mend)
