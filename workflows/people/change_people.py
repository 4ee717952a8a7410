"""What people may do: and who gets the tasks when that changes.

Every function here works in the company that the connection is set to, and in one
transaction, which takes its locks in the order of `workflows.running.people.assignment`: workflow
instances first, then the choosing of workers, then people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from tenants.account.addresses import say_new_address
from tenants.audit.record import Entry, changed, record_all
from tenants.companies.company_limits import people_within_limit
from tenants.errors import EmailInUseError
from tenants.hooks import Hook
from tenants.models import Company, User
from tenants.models.user import emails_in_use
from tenants.names import plain_email
from tenants.roles import SystemRole
from tenants.services import PERSON_ADDED, ensure_an_admin_is_left, save_user, set_system_roles
from tenants.tokens.make_token import revoke_tokens_of
from workflows.errors import ManagerError
from workflows.models import CompanyRole
from workflows.people.availability import Availability, availability_of
from workflows.people.change_availability import tell_deputies_of, tell_who_is_back
from workflows.people.own_people import PERSON_CHANGED, ensure_own
from workflows.people.releasing import (
    end_questions_to,
    forms_given,
    forms_of,
    lock_forms,
    release,
    stop_passing_over,
)
from workflows.running.people.assignment import assign_waiting_tasks
from workflows.running.people.deputies import SWITCHED_OFF
from workflows.running.people.workers import colleagues
from workflows.running.questions import questions_to

# Somebody was switched off, in its transaction.
NOT_ACTIVE_ANY_MORE: Final[Hook[[User], None]] = Hook()
# What an admin may change of a person, and no more: nobody becomes a superuser, and nobody
# changes company, whatever the object that is handed in says.
EDITABLE = ("email", "first_name", "last_name", "is_available", "is_active", "manager")
# Written with it, as it stands in the database or by what follows of EDITABLE.
_PLAN = ("away_from", "away_until")


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """What a person may do, as it stands in the database."""

    is_active: bool = False
    is_available: bool = False
    roles: frozenset[str] = frozenset()
    company_roles: frozenset[int] = frozenset()
    availability: Availability | None = None
    # All of it as the audit log has it, by the names of the fields.
    logged: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def is_admin(self) -> bool:
        return self.is_active and SystemRole.ADMIN in self.roles

    @property
    def is_worker(self) -> bool:
        return self.is_active and SystemRole.TASK_WORKER in self.roles


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A new or changed person with exactly the roles that they are to have.

    Without `company_roles` (None) those stay as they are; `roles`, `fields` and `first` as
    `save_person` has them.
    """

    person: User
    roles: tuple[SystemRole, ...] | None
    company_roles: tuple[CompanyRole, ...] | None
    fields: Collection[str] = EDITABLE
    first: Callable[[], None] | None = None


def access_of(person: User, *, locked: bool = False) -> PersonAccess:
    """As it stands in the database; nothing where the person is not saved yet.

    `locked`: until the transaction ends nobody else changes the person.
    """
    people = User.objects.filter(pk=person.pk).select_related("manager")
    if locked:
        people = people.select_for_update(of=("self",), no_key=True)
    stored = people.first()
    if stored is None:
        return PersonAccess()
    roles = frozenset(stored.groups.values_list("name", flat=True))
    company_roles = dict(CompanyRole.objects.filter(members=stored).values_list("pk", "name"))
    return PersonAccess(
        is_active=stored.is_active,
        is_available=stored.is_available,
        roles=roles,
        company_roles=frozenset(company_roles),
        availability=availability_of(stored),
        logged={
            **{name: getattr(stored, name) for name in (*EDITABLE, *_PLAN)},
            "manager": "" if stored.manager is None else stored.manager.email,
            "system_roles": sorted(roles),
            "company_roles": sorted(company_roles.values()),
        },
    )


def save_person(
    *,
    person: User,
    roles: Iterable[SystemRole] | None,
    company_roles: Iterable[CompanyRole] | None,
    now: datetime,
    actor: User | None = None,
    fields: Collection[str] = EDITABLE,
    first: Callable[[], None] | None = None,
) -> User:
    """Save a new or changed person of this company with exactly these roles.

    Without `company_roles` (None) those stay as they are; without `roles`, of a person who is
    there already, these. Of such a person only `fields`, of EDITABLE, are taken from the object;
    the others stay as the database has them under the person's lock: whoever changes a name undoes
    nothing that another admin does meanwhile. `first` is called under that lock, before anything
    is written: what it raises refuses all of it. Tasks that they may no longer do are
    released, and whatever waits for a worker is assigned. Where it changes whether they are
    available, an absence that was planned and has begun is over. Where it changes whether they are
    active, their tokens are revoked.

    Raises:
        OtherCompanyError: the person is not of the company that the connection is set to.
        EmailInUseError: somebody, of whatever company, has this e-mail address.
        ManagerError: their manager is a new one who is not active, of another company, or they
            themselves.
        LastAdminError: nobody could manage the company's people afterwards.
        TooManyPeopleError: the company would have more active people than it may have.
    """
    company = Company.objects.current()
    with transaction.atomic():
        lock_forms(forms_of(person), questions_to([person]))
        ensure_own(person, company)
        chosen = None if company_roles is None else tuple(company_roles)
        kept = None if roles is None else tuple(roles)
        change = PersonChange(person, kept, chosen, fields, first)
        with people_within_limit(company):
            lost_admin, entries = _save_locked(change, now=now, actor=actor)
        if lost_admin:
            ensure_an_admin_is_left(company=company)
        record_all(entries, person=actor)
        assign_waiting_tasks(now=now)
    return person


def save_people(
    *, changes: Sequence[PersonChange], now: datetime, actor: User | None = None
) -> None:
    """`save_person` for many at once, all of them or none; those who are new cannot log in yet.

    They can once an admin has set their passwords.

    Raises:
        OtherCompanyError, EmailInUseError, ManagerError, LastAdminError, TooManyPeopleError: as
            `save_person`.
    """
    company = Company.objects.current()
    new = [each for each in changes if each.person._state.adding]
    known = [each for each in changes if not each.person._state.adding]
    with transaction.atomic():
        forms = forms_given().filter(assigned_to__in=[each.person.pk for each in known])
        lock_forms(forms, questions_to(each.person for each in known))
        for each in changes:
            ensure_own(each.person, company)
        with people_within_limit(company):
            _add_people(new)
            saved = [_save_locked(each, now=now, actor=actor) for each in known]
        if any(lost_admin for lost_admin, _entries in saved):
            ensure_an_admin_is_left(company=company)
        added = (_added(each) for each in new)
        record_all([*added, *(e for _lost, entries in saved for e in entries)], person=actor)
        assign_waiting_tasks(now=now)


def _added(change: PersonChange) -> Entry:
    roles = change.company_roles or ()
    details = {
        "email": change.person.email,
        "system_roles": sorted(role.value for role in change.roles or ()),
        "company_roles": sorted(role.name for role in roles),
    }
    return Entry(PERSON_ADDED, change.person, details=details)


def _save_locked(
    change: PersonChange, *, now: datetime, actor: User | None
) -> tuple[bool, list[Entry]]:
    """Save one person and release what they may no longer do.

    Returns whether an admin was lost, and what the audit log says of it.
    """
    person = change.person
    is_new = person._state.adding
    before = _before(change)
    _ensure_manager(person, before)
    _end_begun_absence(person, before, now=now)
    save_user(user=person, fields=None if is_new else (*EDITABLE, *_PLAN))
    if not is_new:
        say_new_address(person, str(before.logged["email"]))
    _set_roles(change)
    after = access_of(person)
    if (before.is_worker and not after.is_worker) or (before.is_active and not after.is_active):
        release(forms_of(person), now=now, actor=actor)
    elif lost := before.company_roles - after.company_roles:
        release(forms_of(person, lost), now=now, actor=actor)
    if before.is_active and not after.is_active:
        end_questions_to(person, now=now, actor=actor)
        if person.deputy is not None:
            SWITCHED_OFF.call_all(person, person.deputy)
        NOT_ACTIVE_ANY_MORE.call_all(person)
    if before.is_active != after.is_active and not is_new:
        # Also of who comes back: what was theirs may have got into other hands.
        revoke_tokens_of(owner=person, now=now)
    if after.is_available and not before.is_available:
        stop_passing_over(person)
    was_there = before.is_active and before.is_available
    is_there = after.is_active and after.is_available
    if was_there and not is_there:
        tell_deputies_of(person)
    elif is_there and not was_there and not is_new:
        tell_who_is_back(person)
    changes = changed(before.logged, after.logged)
    entries = [_added(change)] if is_new else [Entry(PERSON_CHANGED, person, changes)]
    return before.is_admin and not after.is_admin, entries if changes else []


def _before(change: PersonChange) -> PersonAccess:
    """What the database says, locked; the person has from there what is to stay as it is."""
    person = change.person
    before = access_of(person, locked=True)
    if change.first is not None:
        change.first()
    left = set(EDITABLE).difference(change.fields)
    if left and not person._state.adding:
        person.refresh_from_db(fields=sorted(left))
    return before


def _ensure_manager(person: User, before: PersonAccess) -> None:
    """One that they have already stays, though that person has left since."""
    manager = person.manager
    if manager is None or before.logged.get("manager") == manager.email:
        return
    if manager.pk == person.pk or not colleagues().filter(pk=manager.pk).exists():
        raise ManagerError


def _end_begun_absence(person: User, before: PersonAccess, *, now: datetime) -> None:
    """The plan stays as it is in the database, whatever the object says, or is over."""
    stored = before.availability
    if stored is None:
        return
    if person.is_available != stored.is_available:
        stored = stored.set_to(is_available=person.is_available, now=now)
    person.away_from, person.away_until = stored.away_from, stored.away_until


def _add_people(changes: Sequence[PersonChange]) -> None:
    """New people in a few statements, however many they are."""
    managers = {each.person.manager_id for each in changes} - {None}
    if managers and colleagues().filter(pk__in=managers).count() < len(managers):
        raise ManagerError
    for each in changes:
        each.person.email = plain_email(each.person.email)
        each.person.set_unusable_password()
    try:
        with transaction.atomic():
            people = User.objects.bulk_create([each.person for each in changes], batch_size=1_000)
    except IntegrityError as error:
        emails = [each.person.email for each in changes]
        if emails_in_use(emails):
            raise EmailInUseError from error
        raise
    groups = dict(Group.objects.values_list("name", "pk"))
    in_group, in_role = User.groups.through, CompanyRole.members.through
    in_group.objects.bulk_create(
        in_group(user_id=person.pk, group_id=groups[role.value])
        for person, each in zip(people, changes, strict=True)
        for role in each.roles or ()
    )
    in_role.objects.bulk_create(
        in_role(user_id=person.pk, companyrole_id=role.pk)
        for person, each in zip(people, changes, strict=True)
        for role in each.company_roles or ()
    )


def _set_roles(change: PersonChange) -> None:
    person = change.person
    if change.roles is not None:
        set_system_roles(user=person, roles=change.roles)
    if change.company_roles is not None:
        numbers = [role.pk for role in change.company_roles]
        person.company_roles.set(CompanyRole.objects.filter(pk__in=numbers))
