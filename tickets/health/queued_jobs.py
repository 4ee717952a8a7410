"""The jobs of the active company as a part of other queries.

There may be a job for every open task. So they are never read: the database is asked for
what has none.
"""

from __future__ import annotations

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tickets.job_names import ADVANCE, EXPIRE_CALL, FOLLOW_SUBTICKET, RUN_ACTION

# The states of a job that runs, or will.
WAITING = ("todo", "doing")


def jobs_of_company() -> QuerySet[ProcrastinateJob]:
    """The jobs of the active company that run, or will."""
    return ProcrastinateJob.objects.filter(
        status__in=WAITING, args__contains={"schema": current_schema()}
    )


def job_calling(task: str) -> Exists:
    """Whether a job makes, or will make, the call of the task whose id a column holds."""
    return _naming("task_id", task, name=RUN_ACTION)


def job_expiring(task: str) -> Exists:
    """Whether a job will end the wait of the task whose id a column holds."""
    return _naming("task_id", task, name=EXPIRE_CALL)


def job_following(task: str) -> Exists:
    """Whether a job looks after the sub-ticket of the task whose id a column holds."""
    return _naming("task_id", task, name=FOLLOW_SUBTICKET)


def job_advancing(ticket: str) -> Exists:
    """Whether a job will take the next step of the ticket whose id a column holds."""
    return _naming("ticket_id", ticket, name=ADVANCE)


def number(argument: str) -> Cast:
    """An argument of a job that is a number."""
    return Cast(KeyTextTransform(argument, "args"), BigIntegerField())


def _naming(argument: str, column: str, *, name: str) -> Exists:
    jobs = jobs_of_company().filter(task_name=name)
    return Exists(jobs.alias(named=number(argument)).filter(named=OuterRef(column)))
