"""Service accounts: people of a company that are programs.

One has roles, is named wherever people are, and is given tasks where its roles are. It has no
password and no mail, and no door lets it in but a token (tenants/tokens).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from tenants.models import Company, User
from tenants.models.user import ACCOUNTS_DOMAIN, UserQuerySet
from tenants.names import LONGEST_NAME, plain_name
from tenants.roles import SystemRole
from workflows.errors import AccountNameError
from workflows.models import CompanyRole
from workflows.people.change_people import save_person


def service_accounts() -> UserQuerySet:
    """Those of the active company."""
    accounts: UserQuerySet = User.objects.of_company(Company.objects.current())
    return accounts.filter(is_account=True).order_by("first_name", "pk")


def add_account(
    *,
    name: str,
    roles: Iterable[SystemRole],
    company_roles: Iterable[CompanyRole],
    by: User,
    now: datetime,
) -> User:
    """Make a service account of the active company.

    Raises:
        AccountNameError: it has no name, or one that is too long.
        TooManyPeopleError: the company has as many people as it may have.
    """
    account = User(
        email=f"{secrets.token_hex(8)}@{ACCOUNTS_DOMAIN}",
        first_name=_name(name),
        company=Company.objects.current(),
        is_account=True,
    )
    account.set_unusable_password()
    return save_person(person=account, roles=roles, company_roles=company_roles, now=now, actor=by)


def change_account(
    *,
    account: User,
    name: str,
    is_active: bool,
    roles: Iterable[SystemRole],
    company_roles: Iterable[CompanyRole],
    by: User,
    now: datetime,
) -> User:
    """Change a service account. One that is switched off loses its tokens, and its tasks to others.

    Raises:
        AccountNameError, TooManyPeopleError: as `add_account`.
    """
    account.first_name, account.is_active = _name(name), is_active
    return save_person(
        person=account,
        roles=roles,
        company_roles=company_roles,
        now=now,
        actor=by,
        fields=("first_name", "is_active"),
    )


def _name(text: str) -> str:
    name = plain_name(text)
    if not name or len(name) > LONGEST_NAME:
        raise AccountNameError
    return name
