"""The service accounts with which assistants do what is offered to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from tenants.models import AccessToken, Company, User
from tenants.names import name_key
from tenants.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class Account:
    """A service account that an assistant works with."""

    pk: int
    name: str


def accounts_of_assistants(now: datetime) -> list[Account]:
    """The service accounts of the active company that an assistant can do tasks with. One query.

    Those that are on, and have a token that counts, names an assistant and is for doing tasks.
    """
    tokens = AccessToken.objects.counting(now).filter(
        owner=OuterRef("pk"), scopes__contains=[Scope.TASKS_WRITE.value]
    )
    accounts = User.objects.of_company(Company.objects.current()).filter(
        Exists(tokens.exclude(assistant="")), is_account=True, is_active=True
    )
    names = accounts.order_by("pk").values_list("pk", "first_name")
    return [Account(pk, name) for pk, name in names]


def account_named(name: str, accounts: Iterable[Account]) -> Account | None:
    """The one of this name; None where there is none, or more than one."""
    found = [each for each in accounts if name_key(each.name) == name_key(name)]
    return found[0] if len(found) == 1 else None
