"""A person names who stands in for them, or an admin does.

See workflows/running/people/deputies.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import Entry, record_all
from tenants.errors import OtherCompanyError
from tenants.hooks import Hook
from tenants.models import Company, User
from workflows.errors import DeputyError
from workflows.people.availability import Availability
from workflows.people.releasing import lock_choosing
from workflows.running.people.deputies import tell_deputies
from workflows.running.people.workers import eligible_workers

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


def name_deputies(*, deputies: Mapping[User, User | None], actor: User | None = None) -> None:
    """`name_deputy` for many at once, all of them or none: {the person: the deputy}.

    Raises:
        DeputyError, OtherCompanyError: as `name_deputy`.
    """
    with transaction.atomic():
        lock_choosing()
        _tell(write_deputies(deputies=deputies, actor=actor))


def write_deputy(*, user: User, deputy: User | None, actor: User | None) -> bool:
    """`name_deputy` without telling anybody; returns whether it is another one than before.

    Call it in a transaction, after `lock_choosing`.
    """
    return bool(write_deputies(deputies={user: deputy}, actor=actor))


def write_deputies(*, deputies: Mapping[User, User | None], actor: User | None) -> list[User]:
    """`write_deputy` for many; returns those who have another one than before."""
    people = User.objects.of_company(Company.objects.current()).filter(pk__in=_ids(deputies))
    locked = people.select_for_update(of=("self",), no_key=True).select_related("deputy")
    stored = {each.pk: each for each in locked.order_by("pk")}
    possible: set[int] | None = None
    written: list[User] = []
    entries: list[Entry] = []
    for user, deputy in deputies.items():
        person = stored.get(user.pk)
        if person is None:
            raise OtherCompanyError
        if (None if deputy is None else deputy.pk) == person.deputy_id:
            continue
        if deputy is not None:
            if possible is None:
                able = eligible_workers(None).filter(pk__in=_ids(deputies.values()))
                possible = set(able.values_list("pk", flat=True))
            if deputy.pk == person.pk or deputy.pk not in possible:
                raise DeputyError
        names = (_name(person.deputy), _name(deputy))
        person.deputy = user.deputy = deputy
        written.append(person)
        entries.append(Entry(DEPUTY_NAMED, person, {"deputy": names}))
    if written:
        User.objects.bulk_update(written, ["deputy"], batch_size=1_000)
        record_all(entries, person=actor)
    return written


def _ids(people: Iterable[User | None]) -> list[int]:
    return [each.pk for each in people if each is not None]


def tell_of_deputy(user: User) -> None:
    """Tell a new deputy that they are named; or, of somebody who is away, that they stand in."""
    _tell([User.objects.select_related("deputy").get(pk=user.pk)])


def _tell(people: Sequence[User]) -> None:
    """Their deputies; the people as they stand in the database, with those."""
    gone = [each for each in people if not each.is_available]
    tell_deputies(*gone)
    for each in people:
        if each.is_available and each.deputy is not None:
            NAMED.call_all(each, each.deputy)


def _name(person: User | None) -> str:
    return "" if person is None else str(person)
