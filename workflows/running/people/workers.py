"""Who may be given tasks: the task workers of the company, and those of a company role."""

from __future__ import annotations

from django.db.models import CharField, Func

from tenants.models import User
from tenants.models.user import UserQuerySet
from tenants.roles import SystemRole
from workflows.models import CompanyRole

# The one that the connection works in, so that one statement does for every company.
ACTIVE_SCHEMA = Func(function="current_schema", output_field=CharField())


def colleagues() -> UserQuerySet:
    """Everybody of this company who is switched on, whatever they do."""
    people: UserQuerySet = User.objects.active().filter(
        company__schema_name=ACTIVE_SCHEMA, is_superuser=False
    )
    return people


def eligible_workers(role: CompanyRole | int | None) -> UserQuerySet:
    """Who may be given a task of this company role (None: of any), available or not.

    A task may have a rule of its own besides: see `candidates_of`.
    """
    workers: UserQuerySet = User.objects.active().with_role(SystemRole.TASK_WORKER)
    workers = workers.filter(company__schema_name=ACTIVE_SCHEMA)
    return workers if role is None else workers.filter(company_roles=role)


def available_workers(
    role: CompanyRole | int | None, *, passed_over_id: int | None = None
) -> UserQuerySet:
    """Those of them who are available, without one whose id is given."""
    workers: UserQuerySet = eligible_workers(role).filter(is_available=True)
    return workers if passed_over_id is None else workers.exclude(pk=passed_over_id)
