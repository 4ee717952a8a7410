"""What must hold of the jobs, which stand in `public` for all companies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.jobs import cancel_job, requeue_job
from tenants.models import Company
from tickets.health.finding import AT_A_TIME, Finding
from tickets.health.queued_jobs import WAITING


def queue_findings() -> list[Finding]:
    """Jobs that are stalled, have failed, or are of companies that do not exist.

    A few queries for all companies.
    """
    return [*_stalled_jobs(), *_failed_jobs(), *_jobs_of_no_company(), *_unknown_jobs()]


def _unknown_jobs() -> Iterator[Finding]:
    jobs = ProcrastinateJob.objects.filter(status__in=WAITING).exclude(task_name__in=app.tasks)
    rows = jobs.order_by("pk").values_list("pk", "task_name", "args")
    for pk, name, args in rows.iterator(chunk_size=AT_A_TIME):
        message = _(
            "The job %(job)s is of a kind that this version does not know (%(name)s). Where no "
            "newer version has put it there, somebody changed the database by hand."
        )
        yield Finding(
            schema=str(args.get("schema", "")),
            ticket_id=args.get("ticket_id"),
            message=message % {"job": pk, "name": name},
        )


def _stalled_jobs() -> Iterator[Finding]:
    lost = timezone.now() - timedelta(seconds=settings.WORKER_LOST_SECONDS)
    jobs = ProcrastinateJob.objects.filter(
        Q(worker=None) | Q(worker__last_heartbeat__lt=lost), status="doing"
    )
    rows = jobs.order_by("pk").values_list("pk", "task_name", "args")
    for pk, name, args in rows.iterator(chunk_size=AT_A_TIME):
        yield Finding(
            schema=str(args.get("schema", "")),
            ticket_id=args.get("ticket_id"),
            message=_("The job %(job)s (%(name)s) is stalled: its worker is gone.")
            % {"job": pk, "name": name},
            mend=partial(_delete_job if _is_periodic(name) else _requeue_job, pk),
        )


def _failed_jobs() -> Iterator[Finding]:
    """Jobs that were tried as often as they may be. Each is safe to repeat, however late."""
    known = set(Company.objects.values_list("schema_name", flat=True))
    jobs = ProcrastinateJob.objects.filter(status="failed").order_by("pk")
    rows = jobs.values_list("pk", "task_name", "attempts", "args").iterator(chunk_size=AT_A_TIME)
    for pk, name, attempts, args in rows:
        schema = str(args.get("schema", ""))
        message = _(
            "The job %(job)s (%(name)s) failed for good after %(attempts)s attempts. The worker's "
            "log says why: correct that first."
        )
        is_of_no_company = bool(schema) and schema not in known
        yield Finding(
            schema="" if is_of_no_company else schema,
            ticket_id=None if is_of_no_company else args.get("ticket_id"),
            message=message % {"job": pk, "name": name, "attempts": attempts},
            mend=partial(
                _delete_job if is_of_no_company or _is_periodic(name) else _requeue_job, pk
            ),
        )


def _jobs_of_no_company() -> Iterator[Finding]:
    known = set(Company.objects.values_list("schema_name", flat=True))
    jobs = ProcrastinateJob.objects.filter(status__in=WAITING, args__has_key="schema")
    rows = jobs.order_by("pk").values_list("pk", "task_name", "args")
    for pk, name, args in rows.iterator(chunk_size=AT_A_TIME):
        if args["schema"] not in known:
            yield Finding(
                schema="",
                ticket_id=None,
                message=_("The job %(job)s (%(name)s) names the unknown company “%(schema)s”.")
                % {"job": pk, "name": name, "schema": args["schema"]},
                mend=partial(cancel_waiting_job, pk),
            )


def _requeue_job(job_id: int) -> str:
    if not ProcrastinateJob.objects.filter(pk=job_id, status__in=("doing", "failed")).exists():
        return ""
    requeue_job(job_id)
    return _("The job was put into the queue again.")


def _delete_job(job_id: int) -> str:
    """Delete a job that does not run, and that need not.

    Putting it into the queue would fail where the next of its kind is there already; and only
    what is in the queue can be cancelled.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.procrastinate_jobs WHERE id = %s AND status IN ('doing', 'failed')",
            [job_id],
        )
        return _("The job was deleted.") if cursor.rowcount else ""


def _is_periodic(name: str) -> bool:
    """Whether it is a periodic job: the next one does what this one has not done."""
    return any(name == each for each, _id in app.periodic_registry.periodic_tasks)


def cancel_waiting_job(job_id: int) -> str:
    cancel_job(job_id)
    if ProcrastinateJob.objects.filter(pk=job_id, status__in=WAITING).exists():
        return ""
    return _("The job was cancelled.")
