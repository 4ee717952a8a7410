"""What must hold of the transitions that are taken after a time: a job stands ready for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from django.db.models import CharField, Exists, F, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateEvent

from tenants.models import Company
from tickets.advancing.timers import ENDS_TIMERS
from tickets.health import mending
from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.health.queued_jobs import jobs_of_company, number
from tickets.job_names import FIRE_TIMER
from tickets.models import Ticket, TicketError
from workflows.engine.calendar import Duration, WorkingTime
from workflows.engine.decide import decide_timeout
from workflows.engine.process import Process
from workflows.models import (
    BusinessCalendar,
    TaskInstance,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import ALIVE
from workflows.working_hours.company_clock import company_clock
from workflows.working_hours.durations import duration_in_words

# The clocks of two machines differ; and working hours may have been others when a time began.
LATE = timedelta(minutes=2)
FARTHEST = timedelta(days=366)


class _Timers:
    """When a timer is due, and whether there is a transition for it; reads each version once."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self._processes: dict[int, Process] = {}
        self._company: Company | None = None
        self._working_time: WorkingTime | None = None

    def due(self, since: datetime, after: str) -> datetime:
        if self._working_time is None:
            self._working_time = BusinessCalendar.objects.current().working_time()
        return self._working_time.after(since, Duration.parse(after))

    def has_transition(self, task: TaskInstance, ticket: Ticket, after: str) -> bool:
        """Whether the timer would do anything: one that found no transition is gone, rightly."""
        instance = task.workflow_instance
        if instance.workflow_id not in self._processes:
            workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(
                pk=instance.workflow_id
            )
            self._processes[instance.workflow_id] = workflow.process()
        if self._company is None:
            self._company = Company.objects.current()
        decision = decide_timeout(
            self._processes[instance.workflow_id],
            task.definition.key,
            after,
            {**ticket.facts(self._company), "tasks": instance.data},
            company_clock(self.now, counts_days=True),
        )
        return bool(decision.error or decision.is_end or decision.next_tasks)


def timer_findings() -> Iterator[Finding]:
    """One query for all that have no job, and one for each version of a workflow among them."""
    timers = _Timers()
    yield from _far_off_timers(timers)
    for task in _without_a_job():
        ticket, after = task.workflow_instance.ticket, str(getattr(task, "after"))  # noqa: B009
        since = cast("datetime", getattr(task, "since") or task.created_at)  # noqa: B009
        due = timers.due(since, after)
        if due <= timers.now and not timers.has_transition(task, ticket, after):
            continue
        message = _("“%(task)s” is to be left after %(after)s, but no job will do it.") % {
            "task": task.definition.title,
            "after": duration_in_words(after),
        }
        mend = partial(mending.requeue_timer, ticket.pk, task.pk, after, since, due)
        yield finding(ticket.pk, message, mend)


def _far_off_timers(timers: _Timers) -> Iterator[Finding]:
    """Jobs that come later than any working time explains, or wait longer than they are to."""
    jobs = jobs_of_company().filter(task_name=FIRE_TIMER, status="todo").order_by("pk")
    put = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), type="deferred").order_by("pk")
    jobs = jobs.annotate(put_at=Subquery(put.values("at")[:1]))
    rows = jobs.values_list("pk", "scheduled_at", "args", "put_at").iterator(chunk_size=AT_A_TIME)
    for pk, scheduled, args, put_at in rows:
        after, due = str(args["after"]), datetime.fromisoformat(args["due"])
        began = datetime.fromisoformat(args["since"]) if args.get("since") else put_at or due
        # From when it was put there: one that was found lost is put back later than it began.
        waits = None if scheduled is None or put_at is None else scheduled - put_at
        is_late = waits is not None and waits > max(due - began, timedelta()) + LATE
        if is_late or due - timers.due(began, after) > FARTHEST:
            message = _(
                "The job %(job)s, which is to leave a task after %(after)s, comes too late."
            )
            words = {"job": pk, "after": duration_in_words(after)}
            yield finding(args.get("ticket_id"), message % words)


def _without_a_job() -> Iterator[TaskInstance]:
    """Each task once for each `after` that has no job; `since` is when its time began."""
    after = Cast(KeyTextTransform("after", "args"), CharField())
    jobs = (
        jobs_of_company()
        .alias(task=number("task_id"), after=after)
        .filter(
            task_name=FIRE_TIMER,
            task=OuterRef("pk"),
            after=OuterRef("definition__transitions_out__after"),
        )
    )
    # The last one by its number: the clocks of two machines differ.
    began = (
        WorkflowEvent.objects.filter(
            workflow_instance=OuterRef("workflow_instance"), kind__in=ENDS_TIMERS
        )
        .order_by("-pk")
        .values("at")[:1]
    )
    asking = TaskInstance.objects.waiting_for_answer().values("pk")
    tasks = TaskInstance.objects.exclude(pk__in=asking).filter(
        ~Exists(jobs),
        ~Exists(TicketError.objects.unmarked().filter(task=OuterRef("pk"))),
        definition__transitions_out__after__gt="",
        status__in=ALIVE,
        workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        workflow_instance__current_task=F("pk"),
        workflow_instance__ticket__isnull=False,
    )
    tasks = tasks.annotate(after=F("definition__transitions_out__after"), since=Subquery(began))
    related = ("definition", "workflow_instance__ticket__created_by")
    # A task may have two transitions after the same time, with different conditions: one timer.
    found = tasks.select_related(*related).order_by("pk", "after").distinct("pk", "after")
    return found.iterator(chunk_size=AT_A_TIME)
