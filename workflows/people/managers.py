"""Whose manager is who: tasks for “the requester's manager” go by it.

Nobody manages themselves; circles are nobody's business, as only one step is ever asked for.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tenants.audit.record import changed, record
from tenants.errors import OtherCompanyError
from tenants.models import Company, User
from tenants.models.user import UserQuerySet
from workflows.errors import ManagerError
from workflows.people.change_people import PERSON_CHANGED, lock_choosing
from workflows.running.assignment import assign_waiting_tasks
from workflows.running.workers import colleagues


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
    with transaction.atomic():
        lock_choosing()
        people = User.objects.of_company(Company.objects.current()).filter(pk=user.pk)
        stored = people.select_for_update(of=("self",), no_key=True).first()
        if stored is None:
            raise OtherCompanyError
        if manager is not None and not possible_managers(stored).filter(pk=manager.pk).exists():
            raise ManagerError
        before = {"manager": _email_of(stored.manager)}
        stored.manager = user.manager = manager
        if changes := changed(before, {"manager": _email_of(manager)}):
            stored.save(update_fields=["manager"])
            record(PERSON_CHANGED, about=stored, changes=changes, person=actor)
            assign_waiting_tasks(now=now)


def _email_of(person: User | None) -> str:
    return "" if person is None else person.email
