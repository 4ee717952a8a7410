"""What must hold of the jobs, which stand in `public` for all companies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tenants.jobs import run_again, take_away
from tenants.models import Company
from tickets.health.finding import Finding
from tickets.services.safety_net import ADVANCE, EXPIRE_CALL, RUN_ACTION

WAITING = ("todo", "doing")


@dataclass(frozen=True, slots=True)
class JobsOfCompany:
    """The jobs of the active company that run, or will."""

    rows: list[tuple[int, str, dict[str, object]]]

    @classmethod
    def read(cls) -> JobsOfCompany:
        jobs = ProcrastinateJob.objects.filter(
            status__in=WAITING, args__contains={"schema": current_schema()}
        )
        return cls(list(jobs.order_by("pk").values_list("pk", "task_name", "args")))

    @property
    def advancing(self) -> set[object]:
        """The tickets whose next step a job will take."""
        return {args.get("ticket_id") for _id, name, args in self.rows if name == ADVANCE}

    @property
    def calling(self) -> set[object]:
        """The tasks whose call a job makes."""
        return {args.get("task_id") for _id, name, args in self.rows if name == RUN_ACTION}

    @property
    def expiring(self) -> set[object]:
        """The tasks whose wait for a callback a job will end."""
        return {args.get("task_id") for _id, name, args in self.rows if name == EXPIRE_CALL}


def queue_findings() -> list[Finding]:
    """Stalled jobs, and jobs of companies that do not exist; two queries for all companies."""
    return [*_stalled(), *_of_nobody()]


def _stalled() -> Iterator[Finding]:
    lost = timezone.now() - timedelta(seconds=settings.WORKER_LOST_SECONDS)
    jobs = ProcrastinateJob.objects.filter(
        Q(worker=None) | Q(worker__last_heartbeat__lt=lost), status="doing"
    )
    for pk, name, args in jobs.order_by("pk").values_list("pk", "task_name", "args"):
        yield Finding(
            schema=str(args.get("schema", "")),
            ticket_id=args.get("ticket_id"),
            message=_("The job %(job)s (%(name)s) is stalled: its worker is gone.")
            % {"job": pk, "name": name},
            mend=partial(_requeue, pk),
        )


def _of_nobody() -> Iterator[Finding]:
    known = set(Company.objects.values_list("schema_name", flat=True))
    jobs = ProcrastinateJob.objects.filter(status__in=WAITING, args__has_key="schema")
    for pk, name, args in jobs.order_by("pk").values_list("pk", "task_name", "args"):
        if args["schema"] not in known:
            yield Finding(
                schema="",
                ticket_id=None,
                message=_("The job %(job)s (%(name)s) names the unknown company “%(schema)s”.")
                % {"job": pk, "name": name, "schema": args["schema"]},
                mend=partial(remove_job, pk),
            )


def _requeue(job_id: int) -> str:
    run_again(job_id)
    return _("The job was put into the queue again.")


def remove_job(job_id: int) -> str:
    take_away(job_id)
    if ProcrastinateJob.objects.filter(pk=job_id, status__in=WAITING).exists():
        return ""
    return _("The job was taken away.")
