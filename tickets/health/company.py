"""What must hold of the tickets of one company."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils.translation import gettext as _

from tenants.connection import current_schema
from tenants.database.sequences import sequences_behind
from tenants.encryption import decrypt
from tenants.errors import EncryptionError
from tenants.models import User
from tickets.health import mending
from tickets.health.calls import call_findings
from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.health.offers import offer_findings
from tickets.health.queue import cancel_waiting_job
from tickets.health.queued_jobs import job_advancing, jobs_of_company, number
from tickets.health.snapshot import consistent_snapshot
from tickets.health.subtickets import subticket_findings
from tickets.health.timers import timer_findings
from tickets.health.versions import version_findings
from tickets.health.webhooks import webhook_findings
from tickets.models import Ticket, TicketError
from workflows.engine.task_types import AT_ONCE_TYPES, BLOCK_TYPES, FORM_TYPES
from workflows.models import (
    CompanyRole,
    Path,
    PathStatus,
    SigningSecret,
    TaskInstance,
    TaskStatus,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.path import OPEN_PATHS
from workflows.models.task_instance import ALIVE as ALIVE_TASK
from workflows.models.task_instance import WORKABLE
from workflows.models.workflow_instance import ENDED
from workflows.running.people.assignment import choose_by_rule
from workflows.running.people.candidates import may_have
from workflows.running.people.candidates_in_sql import for_person
from workflows.running.people.workers import available_workers, eligible_workers

ALIVE = (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD)


def company_findings() -> list[Finding]:
    """What is wrong with the tickets of the active company; their histories are looked at apart.

    Reads one snapshot, with about thirty queries, however many tickets there are, and keeps
    in memory what is wrong only.
    """
    with consistent_snapshot(reads_whole_tables=True):
        return [
            *_steps_without_job(),
            *call_findings(),
            *timer_findings(),
            *offer_findings(),
            *subticket_findings(),
            *webhook_findings(),
            *_needlessly_waiting_forms(),
            *_forms_of_ineligible_workers(),
            *_hidden_failures(),
            *_unmarked_failures(),
            *_inconsistent_errors(),
            *_inconsistent_tasks(),
            *_inconsistent_instances(),
            *_inconsistent_paths(),
            *version_findings(),
            *_orphaned_jobs(),
            *_unreadable_secret(),
            *_people_of_other_companies(),
            *_sequences_behind(),
        ]


def _steps_without_job() -> Iterator[Finding]:
    open_errors = TicketError.objects.stopping().filter(ticket=OuterRef("pk"))
    not_started = Q(workflow_instance=None) | Q(
        workflow_instance__status=WorkflowStatus.NOT_STARTED
    )
    to_leave = Q(
        workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        workflow_instance__current_task__status=TaskStatus.COMPLETED,
    )
    to_clean_up = Q(
        workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        workflow_instance__was_cancelled=True,
        workflow_instance__current_task=None,
    )
    stuck = Ticket.objects.filter(
        not_started | to_leave | to_clean_up, ~Exists(open_errors), ~job_advancing("pk")
    )
    # Where it has not started there can be a current task only by a hand in the database.
    title = Case(When(to_leave, then="workflow_instance__current_task__definition__title"))
    columns = ("pk", title, "workflow_instance__was_cancelled")
    yield from _branches_without_job()
    for pk, task, cancelled in (
        stuck.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    ):
        if task:
            message = _("“%(task)s” is completed, but nothing moves the ticket on.")
            message %= {"task": task}
        elif cancelled:
            message = _("It was cancelled, and nothing goes on with what is to be cleaned up.")
        else:
            message = _("Its workflow has not started, and nothing will start it.")
        yield finding(pk, message, partial(mending.requeue_step, pk))


def _branches_without_job() -> Iterator[Finding]:
    """Tasks in branches that are done, and blocks that are to be entered again."""
    done = Q(status=TaskStatus.COMPLETED, path__isnull=False)
    entered = [*BLOCK_TYPES, *AT_ONCE_TYPES]
    to_enter = Q(status=TaskStatus.PENDING, definition__task_type__in=entered)
    errors = TicketError.objects.stopping().filter(task=OuterRef("pk"))
    stuck = (
        TaskInstance.objects.current()
        .filter(
            done | to_enter,
            ~Exists(errors),
            ~job_advancing("workflow_instance__ticket"),
            workflow_instance__status=WorkflowStatus.IN_PROGRESS,
            workflow_instance__ticket__isnull=False,
        )
        .order_by("pk")
    )
    columns = ("workflow_instance__ticket", "definition__title")
    for pk, task in stuck.values_list(*columns).iterator(chunk_size=AT_A_TIME):
        message = _("“%(task)s” is completed, but nothing moves the ticket on.") % {"task": task}
        yield finding(pk, message, partial(mending.requeue_step, pk))


def _needlessly_waiting_forms() -> Iterator[Finding]:
    waiting = TaskInstance.objects.unassigned().filter(
        workflow_instance__status=WorkflowStatus.IN_PROGRESS
    )
    rows = waiting.select_related(
        "definition__candidate_role", "definition__workflow", "workflow_instance__ticket"
    )
    can_do: dict[tuple[int | None, int | None], bool] = {}
    for task in rows.iterator(chunk_size=AT_A_TIME):
        if task.definition.assign_to:
            if choose_by_rule(task) is not None:
                yield _waits_needlessly(task)
            continue
        role = task.definition.candidate_role
        key = (role.pk if role is not None else None, task.released_by_id)
        if key not in can_do:
            can_do[key] = available_workers(role, passed_over_id=task.released_by_id).exists()
        if can_do[key]:
            yield _waits_needlessly(task)


def _waits_needlessly(task: TaskInstance) -> Finding:
    message = _("“%(task)s” waits for somebody, although somebody is available.")
    return finding(
        _ticket_of(task),
        message % {"task": task.definition.title},
        partial(mending.assign_task, task.pk),
    )


def _forms_of_ineligible_workers() -> Iterator[Finding]:
    workers = eligible_workers(None).filter(pk=OuterRef("assigned_to"))
    members = CompanyRole.members.through.objects.filter(
        companyrole=OuterRef("definition__candidate_role"), user=OuterRef("assigned_to")
    )
    forms = TaskInstance.objects.filter(
        Q(assigned_to=None)
        | Q(definition__assign_to__isnull=True)
        & (~Exists(workers) | Q(definition__candidate_role__isnull=False) & ~Exists(members)),
        Q(status__in=WORKABLE) | Q(status=TaskStatus.PENDING, assigned_to__isnull=False),
        definition__task_type__in=FORM_TYPES,
        workflow_instance__status__in=ALIVE,
    ).select_related("definition", "assigned_to", "workflow_instance__ticket")
    for task in forms.order_by("pk").iterator(chunk_size=AT_A_TIME):
        words = {"task": task.definition.title, "person": task.assigned_to}
        if task.assigned_to is None:
            message = _("“%(task)s” is open, but nobody has it: assign it to somebody.")
        else:
            message = _(
                "“%(task)s” is with %(person)s, who cannot do it: assign it to somebody else."
            )
        yield finding(_ticket_of(task), message % words)
    yield from forms_against_their_rules()


def forms_against_their_rules() -> Iterator[Finding]:
    """Whoever has a form that its own rule keeps from them, and that no ticket admin gave them.

    Three queries for each person who has such forms.
    """
    forms = TaskInstance.objects.filter(
        Q(status__in=WORKABLE) | Q(status=TaskStatus.PENDING),
        assigned_to__isnull=False,
        definition__assign_to__isnull=False,
        definition__task_type__in=FORM_TYPES,
        workflow_instance__status__in=ALIVE,
    )
    holders = forms.order_by().values("assigned_to").distinct()
    for person in User.objects.filter(pk__in=holders).order_by("pk"):
        theirs = forms.filter(assigned_to=person)
        right = for_person(person, theirs).order_by().values("pk")
        others = theirs.exclude(pk__in=right).select_related(
            "definition", "assigned_to", "workflow_instance__ticket"
        )
        for task in others.order_by("pk").iterator(chunk_size=AT_A_TIME):
            if may_have(task, person):
                continue
            message = _("“%(task)s” is with %(person)s, whom its rule keeps from it: reassign it.")
            words = {"task": task.definition.title, "person": person}
            yield finding(_ticket_of(task), message % words)


def _hidden_failures() -> Iterator[Finding]:
    open_errors = TicketError.objects.stopping().filter(task=OuterRef("pk"))
    failed = TaskInstance.objects.filter(
        status=TaskStatus.ERROR, workflow_instance__ticket__isnull=False
    ).exclude(Exists(open_errors))
    columns = ("pk", "workflow_instance__ticket", "definition__title")
    for pk, ticket, task in (
        failed.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    ):
        message = _("“%(task)s” is in error, but no open error shows it to the ticket admins.")
        mend = partial(mending.open_missing_error, ticket, pk)
        yield finding(ticket, message % {"task": task}, mend)


def _unmarked_failures() -> Iterator[Finding]:
    """Steps that failed, and that the database did not even let be put into error."""
    rows = TicketError.objects.unmarked().select_related("task__definition")
    for error in rows.order_by("pk").iterator(chunk_size=AT_A_TIME):
        message = _(
            "“%(task)s” has failed, but the database refused to note that. Look whether somebody "
            "has changed the database by hand; an open error shows it to the ticket admins."
        )
        task = "" if error.task is None else error.task.definition.title
        mend = partial(mending.mark_failed, error.ticket_id, error.pk)
        yield finding(error.ticket_id, message % {"task": task}, mend)


def _inconsistent_errors() -> Iterator[Finding]:
    unmarked = TicketError.objects.unmarked().values("pk")
    errors = TicketError.objects.stopping().exclude(pk__in=unmarked)
    ended = Q(ticket__workflow_instance__status__in=ENDED)
    not_failed = Q(task__isnull=False) & ~Q(task__status=TaskStatus.ERROR)
    is_to_clean_up = Q(
        ticket__workflow_instance__was_cancelled=True,
        ticket__workflow_instance__current_task=None,
    )
    has_started = Q(task=None, ticket__workflow_instance__status__in=ALIVE) & ~is_to_clean_up
    rows = errors.filter(ended | not_failed | has_started).select_related(
        "ticket__workflow_instance"
    )
    for error in rows.order_by("pk").iterator(chunk_size=AT_A_TIME):
        number = {"error": error.pk}
        if error.ticket.has_ended:
            message = _("The error %(error)s is open, although the ticket has ended.")
            mend = partial(mending.resolve_error, error.ticket_id, error.pk)
            yield finding(error.ticket_id, message % number, mend)
        else:
            message = _(
                "The error %(error)s is open, although its step is not in error: close it with "
                "a note."
            )
            yield finding(error.ticket_id, message % number)


def _inconsistent_tasks() -> Iterator[Finding]:
    """Unfinished tasks of instances that do not run, and those that are not the current one."""
    not_alive = ~Q(workflow_instance__status__in=ALIVE)
    current = TaskInstance.objects.current().filter(pk=OuterRef("pk"))
    rows = (
        TaskInstance.objects.unfinished()
        .filter(not_alive | ~Exists(current))
        .select_related("definition", "workflow_instance__ticket")
    )
    for task in rows.order_by("pk").iterator(chunk_size=AT_A_TIME):
        words = {
            "task": task.definition.title,
            "status": task.get_status_display(),
            "workflow": task.workflow_instance.get_status_display(),
        }
        if task.workflow_instance.status not in ALIVE:
            message = _(
                "“%(task)s” is not finished, although the workflow is: %(workflow)s. Nobody can "
                "work on it any more; look into the ticket's history what became of it."
            )
        else:
            message = _(
                "“%(task)s” is not finished, but it is not the current task. Cancel the ticket, "
                "and have it submitted anew."
            )
        yield finding(_ticket_of(task), message % words)


def _inconsistent_instances() -> Iterator[Finding]:
    without_task = Q(status__in=ALIVE) & (
        Q(current_task=None, was_cancelled=False) | Q(current_task__status=TaskStatus.CANCELLED)
    )
    foreign_task = Q(current_task__isnull=False) & ~Q(current_task__workflow_instance=F("pk"))
    rows = WorkflowInstance.objects.filter(
        Q(ticket=None) | without_task | foreign_task
    ).select_related("ticket")
    for instance in rows.order_by("pk").iterator(chunk_size=AT_A_TIME):
        ticket = getattr(instance, "ticket", None)
        if ticket is None:
            message = _(
                "The workflow instance %(id)s belongs to no ticket. It does no harm: whoever looks "
                "after the database may delete it."
            ) % {"id": instance.pk}
            yield finding(None, message)
        else:
            message = _(
                "Its workflow runs, but has no current task of its own. Cancel the ticket, and "
                "have it submitted anew."
            )
            yield finding(ticket.pk, message)


def _inconsistent_paths() -> Iterator[Finding]:
    """Branches that run although their block does not, and blocks in which no branch runs."""
    running_or_stopped = (TaskStatus.IN_PROGRESS, TaskStatus.ERROR)
    runs = Q(block_task__status__in=running_or_stopped, workflow_instance__status__in=ALIVE)
    foreign = ~Q(block_task__workflow_instance=F("workflow_instance"))
    open_paths = Path.objects.filter(status__in=OPEN_PATHS)
    columns = ("workflow_instance__ticket", "block_task__definition__title")
    lost = open_paths.filter(~runs | foreign).order_by("pk").values_list(*columns)
    running = Path.objects.filter(block_task=OuterRef("pk"), status=PathStatus.RUNNING)
    blocks = TaskInstance.objects.filter(
        ~Exists(running),
        definition__task_type__in=BLOCK_TYPES,
        status=TaskStatus.IN_PROGRESS,
        workflow_instance__status__in=ALIVE,
    )
    empty = blocks.order_by("pk").values_list("workflow_instance__ticket", "definition__title")
    for rows, message in (
        (lost, _("A branch of “%(task)s” is open, although the block does not run.")),
        (empty, _("“%(task)s” runs, but none of its branches does: finish it by hand.")),
    ):
        for ticket, task in rows.iterator(chunk_size=AT_A_TIME):
            yield finding(ticket, message % {"task": task})


def _orphaned_jobs() -> Iterator[Finding]:
    its_ticket = Ticket.objects.filter(pk=OuterRef("named"))
    jobs = jobs_of_company().annotate(named=number("ticket_id"))
    unknown = jobs.filter(~Exists(its_ticket), named__isnull=False).order_by("pk")
    rows = unknown.values_list("pk", "task_name", "named")
    for pk, name, ticket in rows.iterator(chunk_size=AT_A_TIME):
        message = _("The job %(job)s (%(name)s) names the ticket %(ticket)s, which is unknown.")
        words = {"job": pk, "name": name, "ticket": ticket}
        yield finding(None, message % words, partial(cancel_waiting_job, pk))


def _unreadable_secret() -> Iterator[Finding]:
    secret = SigningSecret.objects.newest()
    if secret is None:
        return
    try:
        decrypt(secret.encrypted)
    except EncryptionError as error:
        message = _("No call to another system can be made. %(error)s") % {"error": error}
        yield finding(None, message)


def _people_of_other_companies() -> Iterator[Finding]:
    """Submitters and workers; a superuser, who has no company, may have been in this one.

    Whoever else they are does not show inside this company: see tenants/wall.
    """
    ours = User.objects.filter(
        Q(company__isnull=True) | Q(company__schema_name=current_schema())
    ).values("pk")
    tickets = Ticket.objects.exclude(created_by__in=ours).order_by("pk")
    for pk in tickets.values_list("pk", flat=True).iterator(chunk_size=AT_A_TIME):
        message = _(
            "It was submitted by somebody of another company. Somebody changed the database by "
            "hand, or this is a fault of TicketFlower: look into a backup who it was."
        )
        yield finding(pk, message)
    # Those that are open are found among the forms of who cannot do them.
    tasks = TaskInstance.objects.filter(assigned_to__isnull=False)
    tasks = tasks.exclude(assigned_to__in=ours).exclude(status__in=ALIVE_TASK)
    tasks = tasks.order_by("pk").select_related("definition", "workflow_instance__ticket")
    for task in tasks.iterator(chunk_size=AT_A_TIME):
        message = _("“%(task)s” was given to somebody of another company.")
        yield finding(_ticket_of(task), message % {"task": task.definition.title})


def _sequences_behind() -> Iterator[Finding]:
    for table in sequences_behind():
        message = _(
            "The ids of %(table)s stand behind its rows: the next one would be refused, and with "
            "it what people do."
        )
        yield finding(None, message % {"table": table}, mending.align_ids)


def _ticket_of(task: TaskInstance) -> int | None:
    ticket = getattr(task.workflow_instance, "ticket", None)
    return ticket.pk if ticket is not None else None
