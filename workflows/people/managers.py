"""Whose manager is who: tasks for “the requester's manager” go by it.

Nobody manages themselves; circles are nobody's business, as only one step is ever asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from tenants.audit.record import Entry, changed, record_all
from tenants.errors import OtherCompanyError
from tenants.models import Company, User
from tenants.models.user import UserQuerySet
from workflows.errors import ManagerError
from workflows.people.own_people import PERSON_CHANGED
from workflows.people.releasing import lock_choosing
from workflows.running.people.assignment import assign_waiting_tasks
from workflows.running.people.workers import colleagues


def possible_managers(person: User) -> UserQuerySet:
    """Whom a person may have as their manager: the others of the company, who need not do tasks."""
    return colleagues().exclude(pk=person.pk)


def set_manager(
    *, user: User, manager: User | None, now: datetime, actor: User | None = None
) -> None:
    """Note who somebody's manager is (None: nobody); what waits for the manager is given out.

    What a manager of before has stays with them.

    Raises:
        ManagerError: the manager is not active, of another company, or the person themselves.
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    set_managers(managers={user: manager}, now=now, actor=actor)


def set_managers(
    *, managers: Mapping[User, User | None], now: datetime, actor: User | None = None
) -> None:
    """`set_manager` for many at once, all of them or none: {the person: the manager}.

    Raises:
        ManagerError, OtherCompanyError: as `set_manager`.
    """
    with transaction.atomic():
        lock_choosing()
        people = User.objects.of_company(Company.objects.current()).filter(pk__in=_ids(managers))
        locked = people.select_for_update(of=("self",), no_key=True).select_related("manager")
        stored = {each.pk: each for each in locked.order_by("pk")}
        possible = set(
            colleagues().filter(pk__in=_ids(managers.values())).values_list("pk", flat=True)
        )
        written: list[User] = []
        entries: list[Entry] = []
        for user, manager in managers.items():
            if user.pk not in stored:
                raise OtherCompanyError
            if manager is not None and (manager.pk == user.pk or manager.pk not in possible):
                raise ManagerError
            person = stored[user.pk]
            before = {"manager": _email_of(person.manager)}
            person.manager = user.manager = manager
            if changes := changed(before, {"manager": _email_of(manager)}):
                written.append(person)
                entries.append(Entry(PERSON_CHANGED, person, changes))
        if written:
            User.objects.bulk_update(written, ["manager"], batch_size=1_000)
            record_all(entries, person=actor)
            assign_waiting_tasks(now=now)


def _ids(people: Iterable[User | None]) -> list[int]:
    return [each.pk for each in people if each is not None]


def _email_of(person: User | None) -> str:
    return "" if person is None else person.email
