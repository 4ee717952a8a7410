"""A person who says beforehand from when until when they are away.

It stands on the person (`away_from`, `away_until`): see availability.py for what follows of it. A
job looks every few minutes who goes and who comes back, and does what their own buttons would do:
whoever is given a task is asked nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.connection import PUBLIC, company_of
from tenants.models import Company, User
from tenants.models.user import UserQuerySet
from workflows.errors import WorkflowsError
from workflows.people.change_availability import change_availability
from workflows.people.deputies import NAMED, WITHDRAWN, tell_of_deputy, write_deputy
from workflows.people.releasing import lock_choosing

ABSENCE_PLANNED = declare("people.absence_planned", _("Said from when until when they are away"))


class AbsenceError(WorkflowsError):
    message = _("The end must be later than the beginning, and later than now.")


def plan_absence(
    *,
    user: User,
    away_from: datetime | None,
    away_until: datetime | None,
    now: datetime,
    actor: User | None = None,
) -> None:
    """Note when the person goes and comes back; both None: they have no such plan any more.

    `actor` is who says so, such as an admin for who is ill. Whoever goes at once is away from this
    moment on. Whoever is away by their old plan, and not by the new one, is there again.
    Their deputy is told of a plan, and of its end before its time.

    Raises:
        AbsenceError: the end is not after the beginning, or is over.
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    _plan(user, away_from, away_until, now=now, actor=actor, had=user.deputy)


def _plan(
    user: User,
    away_from: datetime | None,
    away_until: datetime | None,
    *,
    now: datetime,
    actor: User | None,
    had: User | None,
) -> None:
    """`had` is who was to stand in by the plan before."""
    if away_from is not None and (away_until is None or away_until <= max(away_from, now)):
        raise AbsenceError
    with transaction.atomic():
        before, after = change_availability(
            user=user,
            change=lambda stored: stored.planned(
                away_from=away_from, away_until=away_until, now=now
            ),
            now=now,
        )
        if changes := changed(before.as_columns(), after.as_columns()):
            record(ABSENCE_PLANNED, about=user, person=actor or user, changes=changes)
            if after.away_from is not None and user.deputy is not None:
                NAMED.call_all(user, user.deputy)
            elif before.is_planned and not after.is_planned and had is not None:
                WITHDRAWN.call_all(user, had, before)


def say_absence(
    *,
    user: User,
    away_from: datetime | None,
    away_until: datetime | None,
    deputy: User | None,
    now: datetime,
    actor: User | None = None,
    first: Callable[[], None] | None = None,
) -> None:
    """`plan_absence` and `name_deputy` in one: the deputy is told how it is after both.

    `first` is called under the person's lock, before anything is written: what it raises refuses
    all of it.

    Raises:
        AbsenceError, DeputyError, OtherCompanyError: as those two; then nothing is saved.
    """
    with transaction.atomic():
        lock_choosing()
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        if first is not None:
            first()
        user.refresh_from_db(fields=["deputy"])  # who had to be told may be another one by now
        had = user.deputy
        is_new = write_deputy(user=user, deputy=deputy, actor=actor)
        _plan(user, away_from, away_until, now=now, actor=actor, had=had)
        if is_new:
            tell_of_deputy(user)


def companies_with_absences(*, now: datetime) -> list[str]:
    """The schemas of active companies in which somebody goes or comes back. Outside of them."""
    with company_of(PUBLIC):
        people = _due(now).filter(company__is_active=True, company__deletion_due_at=None)
        return sorted(set(people.values_list("company__schema_name", flat=True)))


def switch_absences(*, now: datetime) -> int:
    """Let those go and come back whose time it is, in the active company; how many did.

    Safe to repeat, and beside itself: each is looked at once more in their own transaction. Those
    who were away already, without end, when their plan began stay away when it ends.
    """
    company, count = Company.objects.current(), 0
    for person in _due(now).of_company(company).order_by("pk"):
        with transaction.atomic():
            before, after = change_availability(
                user=person, change=lambda stored: stored.at(now), now=now
            )
        count += before != after
    return count


def _due(now: datetime) -> UserQuerySet:
    people: UserQuerySet = User.objects.active().filter(
        Q(away_from__lte=now) | Q(away_until__lte=now)
    )
    return people
