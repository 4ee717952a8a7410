"""Company roles: who is in them, what names them, and who gets the tasks when that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.fast.prepared import PreparedQuery
from tenants.hooks import Hook
from tenants.models import Company, User
from tenants.names import plain_name
from workflows.errors import RoleInUseError, RoleNameEmptyError, RoleNameInUseError
from workflows.fields.in_database.kept_roles import forms_that_name
from workflows.models import CompanyRole, TaskDefinition, TicketDefinition
from workflows.people.own_people import ensure_own
from workflows.people.releasing import forms_given, lock_forms, release
from workflows.running.people.assignment import assign_waiting_tasks

ROLE_ADDED = declare("people.role_added", _("Added a company role"))
ROLE_CHANGED = declare("people.role_changed", _("Changed a company role"))
ROLE_DELETED = declare("people.role_deleted", _("Deleted a company role"))
# What else names a company role, each in words: apps above register what they know of.
ROLE_NAMED_BY: Final[Hook[[CompanyRole], list[str]]] = Hook()
# So many people of a role that was changed are named.
MOST_NAMED = 200
_ROLE_TEXTS = ("name", "description")


def save_company_role(
    *,
    role: CompanyRole,
    members: Iterable[User],
    now: datetime,
    actor: User | None = None,
    first: Callable[[], None] | None = None,
) -> CompanyRole:
    """Save a company role with these members, who must be active people of this company.

    Members who are deactivated stay members: they are not on the list to choose from, and
    have their place again when they come back. `first` is called under the locks, before anything
    is written: what it raises refuses all of it.

    Raises:
        OtherCompanyError: somebody among them is of another company.
        RoleNameEmptyError: nothing is to be seen of its name.
        RoleNameInUseError: another role has the name, or one that looks like it.
    """
    if not plain_name(role.name):
        raise RoleNameEmptyError
    company, chosen = Company.objects.current(), list(members)
    for person in chosen:
        ensure_own(person, company)
    with transaction.atomic():
        forms = forms_given().filter(definition__candidate_role=role.pk)
        lock_forms(forms)
        is_new = role._state.adding
        CompanyRole.objects.select_for_update(no_key=True).filter(pk=role.pk).first()
        if first is not None:
            first()
        before = {} if is_new else CompanyRole.objects.filter(pk=role.pk).values(*_ROLE_TEXTS).get()
        _save_role(role)
        had = {} if is_new else {each.pk: each for each in role.members.all()}
        kept = [each for each in had.values() if not each.is_active]
        role.members.set([*chosen, *kept])
        has = {each.pk: each for each in (*chosen, *kept)}
        _record_role(role, before, had, has, is_new=is_new, actor=actor)
        release(forms.exclude(assigned_to__in=role.members.all()), now=now, actor=actor)
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


def delete_company_role(*, role: CompanyRole, first: Callable[[], None] | None = None) -> None:
    """Delete a role that nothing names.

    A ticket type whose last role went away would be open to everybody, so those count too. `first`
    as `save_company_role` has it.

    Raises:
        RoleInUseError: a task, a ticket type or a question names it.
    """
    with transaction.atomic():
        CompanyRole.objects.select_for_update().filter(pk=role.pk).first()
        if first is not None:
            first()
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


def _save_role(role: CompanyRole) -> None:
    """The form has looked whether the name is free; of two at one moment one is refused here."""
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError as error:
        if CompanyRole.objects.named(role.name).exclude(pk=role.pk).exists():
            raise RoleNameInUseError from error
        raise
