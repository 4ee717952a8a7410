"""What people and company roles may do: and who gets the tasks when that changes.

Every function here works in the company that the connection is set to, and in one
transaction, which takes its locks in the order of `workflows.running.assignment`: workflow
instances first, then the choosing of workers, then people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import Entry, changed, record, record_all
from tenants.company_limits import people_within_limit
from tenants.errors import EmailInUseError, OtherCompanyError
from tenants.fast.batch import Batch
from tenants.fast.prepared import PreparedQuery
from tenants.hooks import Hook
from tenants.models import Company, User
from tenants.models.user import emails_in_use
from tenants.names import plain_email
from tenants.roles import SystemRole
from tenants.services import (
    PERSON_ADDED,
    ensure_an_admin_is_left,
    save_user,
    set_system_roles,
)
from workflows.engine.process import JsonObject
from workflows.engine.task_types import FORM_TYPES
from workflows.errors import ManagerError, RoleInUseError, RoleNameInUseError
from workflows.fields.kept_roles import forms_that_name
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowInstance,
)
from workflows.models.task_instance import ALIVE, ASSIGNMENT
from workflows.people.availability import COLUMNS, Availability, availability_of
from workflows.running.assignment import assign_waiting_tasks, lock_assignment
from workflows.running.candidates import may_have
from workflows.running.deputies import (
    SWITCHED_OFF,
    people_who_had,
    people_who_named,
    tell_deputies,
)
from workflows.running.events.answered import ANSWERED
from workflows.running.events.kind import EventKind
from workflows.running.events.released import RELEASED
from workflows.running.questions import QUESTION_ENDED, due_after_question, questions_to
from workflows.running.record_event import record_event
from workflows.running.sealing import batch_of_history
from workflows.running.workers import colleagues

PERSON_CHANGED = declare("people.changed", _("Changed a person"))
TASKS_RELEASED = declare("people.tasks_released", _("Gave a person's open tasks to others"))
ROLE_ADDED = declare("people.role_added", _("Added a company role"))
ROLE_CHANGED = declare("people.role_changed", _("Changed a company role"))
ROLE_DELETED = declare("people.role_deleted", _("Deleted a company role"))
# What else names a company role, each in words: apps above register what they know of.
ROLE_NAMED_BY: Final[Hook[[CompanyRole], list[str]]] = Hook()
# Somebody was switched off, in its transaction.
NOT_ACTIVE_ANY_MORE: Final[Hook[[User], None]] = Hook()
# So many people of a role that was changed are named.
MOST_NAMED = 200

# What an admin may change of a person, and no more: nobody becomes a superuser, and nobody
# changes company, whatever the object that is handed in says.
EDITABLE = ("email", "first_name", "last_name", "is_available", "is_active", "manager")
# Written with it, as it stands in the database or by what follows of EDITABLE.
_PLAN = ("away_from", "away_until")
_ROLE_TEXTS = ("name", "description")


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

    Without `company_roles` (None) those stay as they are.
    """

    person: User
    roles: tuple[SystemRole, ...]
    company_roles: tuple[CompanyRole, ...] | None


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
    roles: Iterable[SystemRole],
    company_roles: Iterable[CompanyRole] | None,
    now: datetime,
    actor: User | None = None,
) -> User:
    """Save a new or changed person of this company with exactly these roles.

    Without `company_roles` (None) those stay as they are. Of a person who is there already only
    EDITABLE is written. Tasks that they may no longer do are released, and whatever waits for a
    worker is assigned. Where it changes whether they are available, an absence that was planned
    and has begun is over.

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
        _lock(_forms_of(person), questions_to([person]))
        _ensure_own(person, company)
        chosen = None if company_roles is None else tuple(company_roles)
        change = PersonChange(person, tuple(roles), chosen)
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
        forms = _forms().filter(assigned_to__in=[each.person.pk for each in known])
        _lock(forms, questions_to(each.person for each in known))
        for each in changes:
            _ensure_own(each.person, company)
        with people_within_limit(company):
            _add_people(new)
            saved = [_save_locked(each, now=now, actor=actor) for each in known]
        if any(lost_admin for lost_admin, _entries in saved):
            ensure_an_admin_is_left(company=company)
        added = (_added(each) for each in new)
        record_all([*added, *(e for _lost, entries in saved for e in entries)], person=actor)
        assign_waiting_tasks(now=now)


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
    _ensure_own(user, Company.objects.current())
    row = User.objects.filter(pk=user.pk)
    old = Availability(**row.select_for_update(no_key=True).values(*COLUMNS).get())
    new = change(old)
    if new != old:
        row.update(**new.as_columns())
    for name, value in new.as_columns().items():
        setattr(user, name, value)
    if new.is_available and not old.is_available:
        _stop_passing_over(user)
        assign_waiting_tasks(now=now)
        _tell_who_is_back(user)
    elif old.is_available and not new.is_available:
        _tell_deputies_of(user)
    elif new.is_away_by_plan and new.away_until != old.away_until:
        tell_deputies(User.objects.get(pk=user.pk))
    return old, new


def release_tasks(
    *,
    user: User,
    now: datetime,
    actor: User | None = None,
    roles: Collection[CompanyRole] | None = None,
) -> int:
    """Take a person's unfinished forms away and give them to others who are available.

    All of them, or only those of these company roles. Nobody else available: they wait in the
    pool. The same person is given none of them again until they have been away and come back;
    they may claim one. Returns how many were taken away.
    """
    only = None if roles is None else [role.pk for role in roles]
    with transaction.atomic():
        _lock(_forms_of(user, only))
        released = _release(_forms_of(user, only), now=now, actor=actor, passed_over=user)
        if released and actor is not None and actor.pk != user.pk:
            record(TASKS_RELEASED, about=user, person=actor, count=released)
        assign_waiting_tasks(now=now)
    return released


def release_tasks_of_people(
    *, people: Collection[User], now: datetime, actor: User | None = None
) -> int:
    """`release_tasks` of several people at once; those who are away are given none of it.

    Returns how many were taken away.
    """
    forms = _forms().filter(assigned_to__in=[person.pk for person in people])
    with transaction.atomic():
        _lock(forms)
        counts = [
            (person, _release(_forms_of(person), now=now, actor=actor, passed_over=person))
            for person in people
        ]
        record_all(
            (
                Entry(TASKS_RELEASED, person, details={"count": count})
                for person, count in counts
                if count
            ),
            person=actor,
        )
        assign_waiting_tasks(now=now)
    return sum(count for _person, count in counts)


def save_company_role(
    *,
    role: CompanyRole,
    members: Iterable[User],
    now: datetime,
    actor: User | None = None,
) -> CompanyRole:
    """Save a company role with these members, who must be active people of this company.

    Members who are deactivated stay members: they are not on the list to choose from, and
    have their place again when they come back.

    Raises:
        OtherCompanyError: somebody among them is of another company.
        RoleNameInUseError: another role has the name, or one that looks like it.
    """
    company, chosen = Company.objects.current(), list(members)
    for person in chosen:
        _ensure_own(person, company)
    with transaction.atomic():
        forms = _forms().filter(definition__candidate_role=role.pk)
        _lock(forms)
        is_new = role._state.adding
        before = {} if is_new else CompanyRole.objects.filter(pk=role.pk).values(*_ROLE_TEXTS).get()
        _save_role(role)
        had = {} if is_new else {each.pk: each for each in role.members.all()}
        kept = [each for each in had.values() if not each.is_active]
        role.members.set([*chosen, *kept])
        has = {each.pk: each for each in (*chosen, *kept)}
        _record_role(role, before, had, has, is_new=is_new, actor=actor)
        _release(forms.exclude(assigned_to__in=role.members.all()), now=now, actor=actor)
        assign_waiting_tasks(now=now)
    return role


_tasks_of = PreparedQuery(
    lambda role: (
        TaskDefinition.objects.filter(candidate_role=role)
        .select_related("workflow")
        .only("title", "workflow__title", "workflow__version")
        .order_by("workflow__title", "pk")
    )
)
_ticket_types_of = PreparedQuery(
    lambda role: TicketDefinition.objects.filter(roles_with_access=role).only("title", "version")
)


def uses_of_role(role: CompanyRole) -> list[str]:
    """What names this company role, each in words.

    That is: tasks of definitions, ticket types, forms with a question about its members, and what
    the apps above know of.
    """
    found = [f"{task.workflow}: {task}" for task in _tasks_of.rows(role.pk)] + [
        f"{each} (v{each.version})" for each in _ticket_types_of.rows(role.pk)
    ]
    above = chain.from_iterable(ROLE_NAMED_BY.call_all(role))
    return list(dict.fromkeys([*found, *forms_that_name(role), *above]))


def delete_company_role(*, role: CompanyRole) -> None:
    """Delete a role that nothing names.

    A ticket type whose last role went away would be open to everybody, so those count too.

    Raises:
        RoleInUseError: a task, a ticket type or a question names it.
    """
    with transaction.atomic():
        CompanyRole.objects.select_for_update().filter(pk=role.pk).first()
        if uses_of_role(role):
            raise RoleInUseError
        members = _named(role.members.all())
        record(ROLE_DELETED, about=role, members=members)
        role.delete()


def _record_role(
    role: CompanyRole,
    before: Mapping[str, object],
    had: Mapping[int, User],
    has: Mapping[int, User],
    *,
    is_new: bool,
    actor: User | None,
) -> None:
    """What was changed of a role; of its members those who came and went."""
    texts = changed(before, {name: getattr(role, name) for name in _ROLE_TEXTS})
    came = [person for pk, person in has.items() if pk not in had]
    went = [person for pk, person in had.items() if pk not in has]
    if is_new:
        record(ROLE_ADDED, about=role, person=actor, members=_named(came))
    elif texts or came or went:
        details = {"members_added": _named(came), "members_removed": _named(went)}
        shown: dict[str, Any] = {name: people for name, people in details.items() if people}
        record(ROLE_CHANGED, about=role, changes=texts, person=actor, **shown)


def _named(people: Iterable[User]) -> list[str]:
    emails = sorted(each.email for each in people)
    more = len(emails) - MOST_NAMED
    return [*emails[:MOST_NAMED], *([f"(+{more})"] if more > 0 else [])]


def _added(change: PersonChange) -> Entry:
    roles = change.company_roles or ()
    details = {
        "email": change.person.email,
        "system_roles": sorted(role.value for role in change.roles),
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
    before = access_of(person, locked=True)
    _ensure_manager(person, before)
    _end_begun_absence(person, before, now=now)
    save_user(user=person, fields=None if is_new else (*EDITABLE, *_PLAN))
    set_system_roles(user=person, roles=change.roles)
    if change.company_roles is not None:
        _set_company_roles(person, change.company_roles)
    after = access_of(person)
    if (before.is_worker and not after.is_worker) or (before.is_active and not after.is_active):
        _release(_forms_of(person), now=now, actor=actor)
    elif lost := before.company_roles - after.company_roles:
        _release(_forms_of(person, lost), now=now, actor=actor)
    if before.is_active and not after.is_active:
        _end_questions_to(person, now=now, actor=actor)
        if person.deputy is not None:
            SWITCHED_OFF.call_all(person, person.deputy)
        NOT_ACTIVE_ANY_MORE.call_all(person)
    if after.is_available and not before.is_available:
        _stop_passing_over(person)
    was_there = before.is_active and before.is_available
    is_there = after.is_active and after.is_available
    if was_there and not is_there:
        _tell_deputies_of(person)
    elif is_there and not was_there and not is_new:
        _tell_who_is_back(person)
    changes = changed(before.logged, after.logged)
    entries = [_added(change)] if is_new else [Entry(PERSON_CHANGED, person, changes)]
    return before.is_admin and not after.is_admin, entries if changes else []


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
        for role in each.roles
    )
    in_role.objects.bulk_create(
        in_role(user_id=person.pk, companyrole_id=role.pk)
        for person, each in zip(people, changes, strict=True)
        for role in each.company_roles or ()
    )


def give_out_waiting_tasks(*, now: datetime) -> int:
    """Give out what waits for a worker, under the locks that this takes; returns how many tasks.

    Where somebody became available the services above do so themselves.
    """
    with transaction.atomic():
        lock_choosing()
        return assign_waiting_tasks(now=now)


def lock_choosing() -> None:
    """Until the transaction ends nobody else chooses a worker. Lock people's rows after it only."""
    _lock(TaskInstance.objects.none())


def _ensure_own(person: User, company: Company) -> None:
    owner = person.company_id
    if not person._state.adding:
        owner = User.objects.filter(pk=person.pk).values_list("company", flat=True).first()
    if owner != company.pk or person.is_superuser:
        raise OtherCompanyError


def _forms() -> QuerySet[TaskInstance]:
    """Those that somebody has, also while they wait for an answer."""
    return TaskInstance.objects.filter(
        status__in=ALIVE, definition__task_type__in=FORM_TYPES, assigned_to__isnull=False
    )


def _forms_of(person: User, roles: Collection[int] | None = None) -> QuerySet[TaskInstance]:
    """The forms that a person has to fill in: all, or only those of these company roles."""
    forms = _forms().filter(assigned_to=person.pk)
    return forms if roles is None else forms.filter(definition__candidate_role__in=roles)


def _lock(*forms: QuerySet[TaskInstance]) -> None:
    """Lock what will change: these forms' instances and the waiting ones', then the choosing.

    Once nobody else can choose a worker the instances are looked up again: a form may have
    been given out, or back, in between. Then it lets go of everything and begins anew: whoever
    holds that form's instance may be waiting to choose a worker.
    """
    known: set[int] = set()
    while True:
        known |= _instances_of(*forms, TaskInstance.objects.waiting_for_worker())
        with transaction.atomic():
            # no_key: others may still write rows that only point at the instance, such as events.
            instances = WorkflowInstance.objects.filter(pk__in=known).order_by("pk")
            list(instances.select_for_update(no_key=True).values_list("pk"))
            lock_assignment()
            if _instances_of(*forms, TaskInstance.objects.waiting_for_worker()) <= known:
                return
            transaction.set_rollback(True)


def _instances_of(*tasks: QuerySet[TaskInstance]) -> set[int]:
    return {
        instance
        for each in tasks
        for instance in each.order_by().values_list("workflow_instance", flat=True)
    }


def _tell_deputies_of(person: User) -> None:
    """Theirs, and the next ones of those for whom they stood in."""
    gone = User.objects.get(pk=person.pk)
    tell_deputies(gone, *people_who_had(gone))


def _tell_who_is_back(person: User) -> None:
    """They stand in from now on for those who went meanwhile, or before them."""
    tell_deputies(*people_who_named(person))


def _stop_passing_over(person: User) -> None:
    """Somebody who was away is no longer passed over for what was released."""
    TaskInstance.objects.waiting_for_worker().filter(released_by=person).update(released_by=None)


def _release(
    forms: QuerySet[TaskInstance],
    *,
    now: datetime,
    actor: User | None,
    passed_over: User | None = None,
) -> int:
    released = 0
    found = forms.select_related("assigned_to", "definition__workflow").order_by("pk")
    for task in found:
        person = task.assigned_to
        if passed_over is None and _may_keep(task, person):
            continue
        batch = batch_of_history(now=now)
        had_asked = task.waits_for_answer
        if had_asked:
            _go_on(task, batch, now=now, actor=actor)
        task.release(by=passed_over)
        batch.update(task, *ASSIGNMENT)
        data: JsonObject = {"from": str(person), "from_id": person.pk} if person else {}
        _record(batch, RELEASED, task, data, now=now, actor=actor)
        batch.write()
        if had_asked:
            QUESTION_ENDED.call_all(task, now)
        released += 1
    return released


def _may_keep(task: TaskInstance, person: User | None) -> bool:
    """Whether a task's own rule lets somebody have it, whatever roles they have lost."""
    return person is not None and bool(task.definition.assign_to) and may_have(task, person)


def _end_questions_to(person: User, *, now: datetime, actor: User | None) -> None:
    """Somebody who left answers no more: what waits for them goes on with whoever has it."""
    for task in questions_to([person]).order_by("pk"):
        batch = batch_of_history(now=now)
        _go_on(task, batch, now=now, actor=actor)
        batch.write()
        QUESTION_ENDED.call_all(task, now)


def _go_on(task: TaskInstance, batch: Batch, *, now: datetime, actor: User | None) -> None:
    """A form that waits for an answer waits no more: with the batch that the caller writes."""
    task.go_on(due_at=due_after_question(task, now=now))
    batch.update(task, "status", "due_at")
    _record(batch, ANSWERED, task, {"without": True}, now=now, actor=actor)


def _record(
    batch: Batch,
    kind: EventKind,
    task: TaskInstance,
    data: JsonObject,
    *,
    now: datetime,
    actor: User | None,
) -> None:
    instance_id = task.workflow_instance_id
    record_event(batch, kind, instance_id=instance_id, at=now, task=task, data=data, by=actor)


def _set_company_roles(person: User, roles: Iterable[CompanyRole]) -> None:
    person.company_roles.set(CompanyRole.objects.filter(pk__in=[role.pk for role in roles]))


def _save_role(role: CompanyRole) -> None:
    """The form has looked whether the name is free; of two at one moment one is refused here."""
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError as error:
        if CompanyRole.objects.named(role.name).exclude(pk=role.pk).exists():
            raise RoleNameInUseError from error
        raise
