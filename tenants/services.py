"""What changes companies and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import get_public_schema_name, schema_context

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record, record_in_installation, record_of_person
from tenants.companies.company_limits import COMPANY_LIMITS, ensure_people_within_limit
from tenants.connection import PUBLIC, company_of
from tenants.errors import AccountHasNoLogInError, EmailInUseError, LastAdminError
from tenants.models import Company, User
from tenants.models.user import emails_in_use
from tenants.names import plain_email, plain_name
from tenants.provisioning import provision
from tenants.roles import SystemRole
from tenants.schema_names import make_schema_name

COMPANY_CREATED = declare("company.created", _("Signed the company up"))
COMPANY_CHANGED = declare("company.changed", _("Changed the company"))
SECOND_FACTOR_DEMANDED = declare(
    "company.second_factor_demanded", _("Said whether a second factor is demanded")
)
PERSON_ADDED = declare("people.added", _("Added a person"))
PASSWORD_CHANGED = declare("account.password_changed", _("Changed a password"))


def sign_up(
    *,
    company_name: str,
    first_name: str,
    last_name: str,
    email: str,
    password: str | None,
    language: str = "",
    free_address: Callable[[], object] = lambda: None,
) -> User:
    """Make a company, its schema and its first user, who has every system role.

    With `password` None they cannot log in yet: a superuser makes a one-time link for them.
    `free_address` is called before they get theirs, when the company has been made: that locks the
    table of all people, and whoever held the row of one before could wait for each other.
    All of it in one transaction: a failure half-way leaves nothing behind.
    """
    person = User(email=email, first_name=first_name, last_name=last_name, language=language)
    # Before anything is locked: a password takes long to hash.
    person.set_password(password)
    # Whatever the connection works in: of the new company nothing is to be seen elsewhere.
    with transaction.atomic(), company_of(PUBLIC):
        person.company = create_company(name=company_name)
        free_address()
        _add_person(person, company=person.company, roles=SystemRole)
    return person


def create_company(*, name: str, schema_name: str = "") -> Company:
    """Make a company with its schema; the schema's name is made from the company's if not given.

    Raises:
        ValidationError: the name is empty or too long, or the schema's name is not allowed.
        SchemaExistsError: the schema is there already.
    """
    company = Company(name=plain_name(name), schema_name=schema_name or make_schema_name(name))
    company.full_clean()
    with transaction.atomic(), schema_context(get_public_schema_name()):
        company.save()
        provision(company)
        record(COMPANY_CREATED, about=company, company=company)
        record_in_installation(COMPANY_CREATED, about=company)
    return company


def change_company(*, company: Company) -> None:
    """Save a company's name, whether it is switched on, and its own limits; nothing else of it."""
    fields = ("name", "is_active", *(limit.column for limit in COMPANY_LIMITS))
    with transaction.atomic(), schema_context(get_public_schema_name()):
        stored = Company.objects.select_for_update(no_key=True).filter(pk=company.pk)
        old = stored.values(*fields).get()
        company.save(update_fields=fields)
        changes = changed(old, {name: getattr(company, name) for name in fields})
        if changes:
            record(COMPANY_CHANGED, about=company, company=company, changes=changes)
            record_in_installation(COMPANY_CHANGED, about=company, changes=changes)


def create_person(
    *,
    company: Company,
    email: str,
    password: str | None,
    roles: Iterable[SystemRole],
    **fields: Any,
) -> User:
    """Make a person of a company with these system roles.

    With `password` None the person cannot log in until an admin sets one.

    Raises:
        EmailInUseError: somebody, of whatever company, has this e-mail address.
        TooManyPeopleError: the company has as many as it may have.
    """
    user = User(email=email, company=company, **fields)
    user.set_password(password)
    _add_person(user, company=company, roles=roles)
    return user


def _add_person(user: User, *, company: Company, roles: Iterable[SystemRole]) -> None:
    given = [role.value for role in roles]
    with transaction.atomic():
        save_user(user=user)
        set_system_roles(user=user, roles=map(SystemRole, given))
        ensure_people_within_limit(company)
        record(PERSON_ADDED, about=user, company=company, email=user.email, system_roles=given)


def save_user(*, user: User, fields: Iterable[str] | None = None) -> None:
    """Save a person; `fields` are the ones to write (None: all).

    A form has looked whether the e-mail address is free, but of two who press the button
    at the same moment both were told that it is: the database decides. Whoever has proven another
    address than the one they get has proven nothing any more.

    Raises:
        EmailInUseError: somebody, of whatever company, has this e-mail address.
        ValueError: the e-mail address is empty.
    """
    user.email = plain_email(user.email)
    if not user.email:
        raise ValueError("A user needs an e-mail address.")
    is_new, written = user._state.adding, None if fields is None else tuple(fields)
    try:
        with transaction.atomic():
            user.save(update_fields=written)
            if not is_new and (written is None or "email" in written):
                EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    except IntegrityError as error:
        if emails_in_use([user.email], but_of=user.pk):
            raise EmailInUseError from error
        raise


def set_password(*, user: User, password: str) -> None:
    """Give a person another password. Their sessions end with the old one.

    Raises:
        AccountHasNoLogInError: it is a service account.
    """
    if user.is_account:
        raise AccountHasNoLogInError
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        record_of_person(PASSWORD_CHANGED, about=user)


def set_system_roles(*, user: User, roles: Iterable[SystemRole]) -> None:
    """Give a person exactly these system roles."""
    user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    user.__dict__.pop("_system_roles", None)


def set_second_factor_demanded(*, company: Company, demanded: bool) -> None:
    """Demand a second factor of everybody of a company, or leave it to them."""
    was_demanded, company.asks_second_factor = company.asks_second_factor, demanded
    with transaction.atomic():
        company.save(update_fields=["asks_second_factor"])
        if was_demanded != demanded:
            record(
                SECOND_FACTOR_DEMANDED,
                about=company,
                company=company,
                changes={"asks_second_factor": (was_demanded, demanded)},
            )


def ensure_an_admin_is_left(*, company: Company) -> None:
    """Refuse a change after which nobody could manage the company's people.

    Call it inside the transaction of the change, after the change. The company's row is
    locked first, so that two admins cannot each remove the other at the same moment.

    Raises:
        LastAdminError: no active person of the company has the role of company admin; a service
            account is none.
    """
    Company.objects.select_for_update().get(pk=company.pk)
    admins = User.objects.of_company(company).active().who_log_in()
    if not admins.with_role(SystemRole.ADMIN).exists():
        raise LastAdminError
