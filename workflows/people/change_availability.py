"""Who is there and who is away: writing it, and who gets the tasks when that changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from tenants.audit.record import changed, record
from tenants.models import Company, User
from workflows.people.availability import COLUMNS, Availability
from workflows.people.own_people import PERSON_CHANGED, ensure_own
from workflows.people.releasing import lock_choosing, stop_passing_over
from workflows.running.people.assignment import assign_waiting_tasks
from workflows.running.people.deputies import people_who_had, people_who_named, tell_deputies


def set_availability(
    *, user: User, is_available: bool, now: datetime, actor: User | None = None
) -> None:
    """Note that a person is there, or away; whoever comes back is given what waits, oldest first.

    From then on whoever is away gets nothing new, and keeps what they have: `release_tasks`
    gives it to others. An absence that was planned and has begun is over.

    Raises:
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    with transaction.atomic():
        before, after = change_availability(
            user=user,
            change=lambda stored: stored.set_to(is_available=is_available, now=now),
            now=now,
        )
        is_by_another = actor is not None and actor.pk != user.pk
        changes = changed(before.as_columns(), after.as_columns())
        if is_by_another and changes:
            record(PERSON_CHANGED, about=user, changes=changes, person=actor)


def change_availability(
    *, user: User, change: Callable[[Availability], Availability], now: datetime
) -> tuple[Availability, Availability]:
    """Write what `change` makes of a person's availability and plan; returns both, old and new.

    It is given what stands in the database once everybody else has to wait. Whoever comes back
    is given what waits. Call it in a transaction.

    Raises:
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    # A task that is being given out right now is given out before, or after.
    lock_choosing()
    ensure_own(user, Company.objects.current())
    row = User.objects.filter(pk=user.pk)
    old = Availability(**row.select_for_update(no_key=True).values(*COLUMNS).get())
    new = change(old)
    if new != old:
        row.update(**new.as_columns())
    for name, value in new.as_columns().items():
        setattr(user, name, value)
    if new.is_available and not old.is_available:
        stop_passing_over(user)
        assign_waiting_tasks(now=now)
        tell_who_is_back(user)
    elif old.is_available and not new.is_available:
        tell_deputies_of(user)
    elif new.is_away_by_plan and new.away_until != old.away_until:
        tell_deputies(User.objects.get(pk=user.pk))
    return old, new


def tell_deputies_of(person: User) -> None:
    """Theirs, and the next ones of those for whom they stood in."""
    gone = User.objects.get(pk=person.pk)
    tell_deputies(gone, *people_who_had(gone))


def tell_who_is_back(person: User) -> None:
    """They stand in from now on for those who went meanwhile, or before them."""
    tell_deputies(*people_who_named(person))
