"""What must hold of the transitions that are taken after a time: a job stands ready for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import cast

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateEvent

from tenants.models import Company
from tickets.advancing.set_timers import reminders_sent
from tickets.advancing.task_times import ENDS_TIMERS, TaskTimes
from tickets.health import mending
from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.health.queued_jobs import jobs_of_company, number
from tickets.job_names import END_WAIT, FIRE_TIMER, REMIND
from tickets.models import Ticket, TicketError
from workflows.engine.decide import decide_timeout
from workflows.engine.process import Process
from workflows.engine.rules.clock import Clock
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.times.timing import Moment
from workflows.models import (
    BusinessCalendar,
    TaskInstance,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import ALIVE
from workflows.running.positions import Positions
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

    def due(self, since: datetime, after: str, task: TaskInstance) -> datetime | None:
        """When it is left; None: what the time is counted from is not there."""
        return self.of(task, since).left_at(after)

    def of(self, task: TaskInstance, since: datetime) -> TaskTimes:
        ticket = task.workflow_instance.ticket
        return TaskTimes(
            ticket_id=ticket.pk,
            task=task,
            start=since,
            data=ticket.data,
            calendar=self.working_time,
        )

    @cached_property
    def working_time(self) -> WorkingTime:
        return BusinessCalendar.objects.current().working_time()

    def least_due(self, began: datetime, after: str) -> datetime | None:
        """When a time is over that is counted from when it began; None: it is counted from else."""
        moment = Moment.parse(after)
        if moment.anchor:
            return None
        return moment.at(self.working_time, start=began, answers={})

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
            {**ticket.facts(self._company), **Positions(instance).reads(task.path)},
            Clock(self.now, self.working_time),
        )
        return bool(decision.error or decision.is_end or decision.next_tasks)


def timer_findings() -> Iterator[Finding]:
    """One query for all that have no job, and one for each version of a workflow among them.

    And one before each question about tasks, whether there are any.
    """
    timers = _Timers()
    yield from _far_off_timers(timers)
    if _is_any_alive(definition__reminders__isnull=False):
        yield from _reminders_without_a_job(timers)
    if _is_any_alive(waits_until__isnull=False):
        yield from _waits_without_a_job()
    if not _is_any_alive(definition__transitions_out__after__gt=""):
        return
    for task in _without_a_job():
        ticket, after = task.workflow_instance.ticket, str(getattr(task, "after"))  # noqa: B009
        since = _began(task)
        due = timers.due(since, after, task)
        if due is None:
            continue
        if due <= timers.now and not timers.has_transition(task, ticket, after):
            continue
        message = _("“%(task)s” is to be left after %(after)s, but no job will do it.") % {
            "task": task.definition.title,
            "after": duration_in_words(after),
        }
        mend = partial(mending.requeue_timer, ticket.pk, task.pk, after, since, due)
        yield finding(ticket.pk, message, mend)


def _began(task: TaskInstance) -> datetime:
    """When the time of a task began: with it, or with what has begun it anew since."""
    anew = cast("datetime | None", getattr(task, "since"))  # noqa: B009
    return task.created_at if anew is None else max(anew, task.created_at)


def _reminders_without_a_job(timers: _Timers) -> Iterator[Finding]:
    """Two queries, and one for each task that lacks one."""
    waiting = {
        (args.get("task_id"), args.get("reminder"))
        for args in jobs_of_company().filter(task_name=REMIND).values_list("args", flat=True)
    }
    for task in _tasks_that_wait().filter(definition__reminders__isnull=False).order_by("pk"):
        ticket = task.workflow_instance.ticket
        since = _began(task)
        times = timers.of(task, since)
        missing = {
            reminder: due
            for reminder in task.definition.listed_reminders
            if (task.pk, reminder.name) not in waiting
            and (due := times.reminded_at(reminder)) is not None
            and due > task.created_at
        }
        sent = reminders_sent(task) if missing else None
        for reminder, due in missing.items():
            if sent is None or sent.has(reminder, due, now=timers.now):
                continue
            name = reminder.name
            message = _("People are to be reminded of “%(task)s”, but no job will do it.")
            mend = partial(mending.requeue_reminder, ticket.pk, task.pk, name, since, due)
            yield finding(ticket.pk, message % {"task": task.definition.title}, mend)


def _waits_without_a_job() -> Iterator[Finding]:
    """Two queries."""
    jobs = jobs_of_company().filter(task_name=END_WAIT).values_list("args", flat=True)
    waiting = {(args.get("task_id"), args.get("until")) for args in jobs}
    for task in _tasks_that_wait().filter(waits_until__isnull=False).order_by("pk"):
        until = task.waits_until
        if until is None or (task.pk, until.isoformat()) in waiting:
            continue
        ticket = task.workflow_instance.ticket
        message = _("“%(task)s” waits for a time, but no job will end the wait.")
        mend = partial(mending.requeue_end_of_wait, ticket.pk, task.pk, until)
        yield finding(ticket.pk, message % {"task": task.definition.title}, mend)


def _is_any_alive(**such: bool | str) -> bool:
    """Asked first: most companies have none, and `_tasks_that_wait` takes ten times as long."""
    return TaskInstance.objects.filter(
        status__in=ALIVE, workflow_instance__status=WorkflowStatus.IN_PROGRESS, **such
    ).exists()


def _tasks_that_wait() -> QuerySet[TaskInstance]:
    """The current tasks whose time is counted; `since` is when it began, null: with the task."""
    # The last one by its number: the clocks of two machines differ.
    began = (
        WorkflowEvent.objects.filter(
            # What happens to others, in other branches, changes nothing of it.
            Q(task_instance=OuterRef("pk")) | Q(task_instance=None),
            workflow_instance=OuterRef("workflow_instance"),
            kind__in=ENDS_TIMERS,
        )
        .order_by("-pk")
        .values("at")[:1]
    )
    asking = TaskInstance.objects.waiting_for_answer().values("pk")
    found: QuerySet[TaskInstance] = TaskInstance.objects.exclude(pk__in=asking).filter(
        ~Exists(TicketError.objects.unmarked().filter(task=OuterRef("pk"))),
        status__in=ALIVE,
        workflow_instance__status=WorkflowStatus.IN_PROGRESS,
        pk__in=TaskInstance.objects.current().values("pk"),
        workflow_instance__ticket__isnull=False,
    )
    related = ("definition", "path", "workflow_instance__ticket__created_by")
    return found.annotate(since=Subquery(began)).select_related(*related)


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
        expected = timers.least_due(began, after)
        if is_late or (expected is not None and due - expected > FARTHEST):
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
    tasks = _tasks_that_wait().filter(~Exists(jobs), definition__transitions_out__after__gt="")
    tasks = tasks.annotate(after=F("definition__transitions_out__after"))
    # A task may have two transitions after the same time, with different conditions: one timer.
    found = tasks.order_by("pk", "after").distinct("pk", "after")
    return found.iterator(chunk_size=AT_A_TIME)
