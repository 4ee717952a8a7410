"""Background work: deferring it with a transaction, and running it inside a company."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from secrets import randbelow
from typing import Any, Final

from django.db import close_old_connections, connection
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate import RetryDecision, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenants.connection import current_schema
from tenants.deletion import ensure_schema_stays
from tenants.errors import CallsUsedUpError, CompanyBehindError, CompanyToBeDeletedError
from tenants.migrating.versions import ensure_schema_up_to_date
from tenants.observing.log_context import note_job

# How long a job waits whose company is behind, however often.
BEHIND_SECONDS: Final = 30
# How long a call waits at first before it is looked whether it may be made now.
SOON_SECONDS: Final = 15 * 60
_MOST_DOUBLINGS: Final = 3
MINUTE: Final = 60


class Retry(RetryStrategy):
    """How often a job is tried. A company that is behind is waited for, for as long as it takes,
    and so is the time at which it may make calls again.

    One that is to be deleted, too: whoever takes that back has its jobs come at once.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, CompanyBehindError):
            return RetryDecision(retry_in={"seconds": BEHIND_SECONDS})
        if isinstance(exception, CallsUsedUpError):
            # Not all of them at the same moment; and sooner, as a superuser may raise the limit:
            # less and less often, as a company may have any number of jobs that wait for this.
            soon = SOON_SECONDS * 2 ** min(job.attempts, _MOST_DOUBLINGS)
            return RetryDecision(
                retry_in={"seconds": min(exception.seconds, soon) + randbelow(MINUTE)}
            )
        if isinstance(exception, CompanyToBeDeletedError) and exception.until is not None:
            return RetryDecision(retry_at=exception.until)
        return super().get_retry_decision(exception=exception, job=job)


# For a database that is away for a while: what fails in a ticket itself becomes a ticket
# error and does not come to the queue.
PATIENT = Retry(max_attempts=10, wait=1, exponential_wait=2)

# Not `procrastinate.contrib.django.app`: inside a worker that one speaks to the database
# over a connection of its own, and a job deferred there would not be part of the
# transaction that needs it.
_jobs = JobManager(DjangoConnector())


@contextmanager
def _errors_as_django_names_them() -> Iterator[None]:
    """The queue calls everything that the database says a ConnectorException, which does not
    show whether it refuses something or cannot be reached."""
    try:
        yield
    except ConnectorException as error:
        if error.__cause__ is None:
            raise
        with connection.wrap_database_errors:
            raise error.__cause__ from None


def defer(name: str, *, after_seconds: float = 0, **arguments: int | str) -> int:
    """Defer a job of the active company, as part of the transaction; returns the job's id.

    `name` is the task's; it is given the schema as its first argument.

    Raises:
        DatabaseError: as for every other statement.
    """
    due = timezone.now() + timedelta(seconds=after_seconds) if after_seconds else None
    queue = app.tasks[name].queue
    task = configure_task(name=name, job_manager=_jobs, schedule_at=due, queue=queue)
    with _errors_as_django_names_them():
        job_id = task.defer(schema=current_schema(), **arguments)
    note_job(job_id)
    return job_id


@dataclass(frozen=True, slots=True)
class Deferred:
    """A job as `defer` is given one, for `defer_all`."""

    name: str
    arguments: Mapping[str, int | str]
    after_seconds: float = 0


def defer_all(deferred: Sequence[Deferred]) -> None:
    """As `defer` of each, by one statement, however many they are; none where there are none."""
    if len(deferred) == 1:
        (one,) = deferred
        defer(one.name, after_seconds=one.after_seconds, **one.arguments)
        return
    if not deferred:
        return
    now, schema = timezone.now(), current_schema()
    jobs = [
        configure_task(
            name=each.name,
            job_manager=_jobs,
            schedule_at=now + timedelta(seconds=each.after_seconds) if each.after_seconds else None,
            queue=app.tasks[each.name].queue,
            task_kwargs={"schema": schema, **each.arguments},
        ).job
        for each in deferred
    ]
    with _errors_as_django_names_them():
        made = _jobs.batch_defer_jobs(jobs)
    for job in made:
        if job.id is not None:
            note_job(job.id)


def defer_many(name: str, each: Sequence[Mapping[str, int | str]]) -> None:
    """Defer a job of the active company for each of these arguments, by one statement."""
    if not each:
        return
    task = configure_task(name=name, job_manager=_jobs, queue=app.tasks[name].queue)
    schema = current_schema()
    jobs: list[Any] = [{"schema": schema, **arguments} for arguments in each]
    with _errors_as_django_names_them():
        task.batch_defer(*jobs)


def cancel_job(job_id: int) -> None:
    """Delete a job that nobody needs any more, unless it is running or done."""
    with _errors_as_django_names_them():
        _jobs.cancel_job_by_id(job_id, delete_job=True)


def requeue_job(job_id: int) -> None:
    """Put a job into the queue again whose worker is gone."""
    with _errors_as_django_names_them():
        _jobs.retry_job_by_id(job_id, retry_at=timezone.now())


def is_under_way(job_id: int) -> bool:
    """Whether the job runs, or will: also one whose worker died, which is requeued."""
    return ProcrastinateJob.objects.filter(pk=job_id, status__in=("todo", "doing")).exists()


def has_worker(within: timedelta) -> bool:
    """Whether a worker has said within this time that it lives: else nobody does the jobs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(last_heartbeat) >= now() - make_interval(secs => %s), false)"
            " FROM public.procrastinate_workers",
            [within.total_seconds()],
        )
        return bool(cursor.fetchone()[0])


def in_company[**P, R](function: Callable[P, R]) -> Callable[..., R]:
    """Run a job in the schema that it is given as its first argument, `schema`.

    Raises:
        CompanyBehindError: the schema lacks a migration of this code. The job is tried again.
        CompanyToBeDeletedError: the job waits until the company is deleted, or stays after all.
    """

    # `schema` by name too: that is how the queue hands over every argument.
    def run(schema: str, *args: P.args, **kwargs: P.kwargs) -> R:
        # A worker has no request that would drop a connection which the server has closed.
        close_old_connections()
        ensure_schema_stays(schema)
        ensure_schema_up_to_date(schema)
        with schema_context(schema):
            return function(*args, **kwargs)

    return run
