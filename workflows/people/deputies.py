"""A person names who stands in for them, or an admin does: see workflows/running/deputies.py."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.errors import OtherCompanyError
from tenants.hooks import Hook
from tenants.models import Company, User
from workflows.errors import DeputyError
from workflows.people.availability import Availability
from workflows.people.releasing import lock_choosing
from workflows.running.deputies import possible_deputies, tell_deputies

DEPUTY_NAMED = declare("people.deputy_named", _("Named who stands in for somebody"))

# With a person, and whom they have named: who is told of it is a subject's above.
NAMED: Hook[[User, User], None] = Hook()
# With a person, whom they had named, and the plan that they have no more.
WITHDRAWN: Hook[[User, User, Availability], None] = Hook()


def name_deputy(*, user: User, deputy: User | None, actor: User | None = None) -> None:
    """Note who stands in while a person is away; None: nobody. It stays until it is changed.

    It takes its locks in the order of releasing.py: the choosing of workers, then the person.

    Raises:
        DeputyError: the deputy is not active, does no tasks, or is of another company; or it is
            the person themselves.
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    with transaction.atomic():
        lock_choosing()
        if write_deputy(user=user, deputy=deputy, actor=actor):
            tell_of_deputy(user)


def write_deputy(*, user: User, deputy: User | None, actor: User | None) -> bool:
    """`name_deputy` without telling anybody; returns whether it is another one than before.

    Call it in a transaction, after `lock_choosing`.
    """
    people = User.objects.of_company(Company.objects.current()).filter(pk=user.pk)
    stored = people.select_for_update(of=("self",), no_key=True).first()
    if stored is None:
        raise OtherCompanyError
    if (None if deputy is None else deputy.pk) == stored.deputy_id:
        return False
    if deputy is not None and not possible_deputies(stored).filter(pk=deputy.pk).exists():
        raise DeputyError
    before = stored.deputy
    stored.deputy = user.deputy = deputy
    stored.save(update_fields=["deputy"])
    names = (_name(before), _name(deputy))
    record(DEPUTY_NAMED, about=stored, changes={"deputy": names}, person=actor)
    return True


def tell_of_deputy(user: User) -> None:
    """Tell a new deputy that they are named; or, of somebody who is away, that they stand in."""
    stored = User.objects.select_related("deputy").get(pk=user.pk)
    if not stored.is_available:
        tell_deputies(stored)
    elif stored.deputy is not None:
        NAMED.call_all(stored, stored.deputy)


def _name(person: User | None) -> str:
    return "" if person is None else str(person)
