"""People of the company that the connection is set to.

Everybody of all companies stands in one table: each query here begins with `people_here`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower, Trim

from tenants.connection import in_public
from tenants.models import Company, User
from tenants.names import name_key, plain_email
from tenants.roles import SystemRole
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.storable import unstorable
from workflows.fields.facts import Reference
from workflows.fields.person.rules import KEY

# A role by its number in this company, or by its name, as documents have it; None: everybody.
type RoleKey = int | str | None

MOST_FOUND = 20


def people_here() -> QuerySet[User]:
    """The active people of this company."""
    people: QuerySet[User] = User.objects.none()
    if not in_public():
        people = User.objects.of_company(Company.objects.current()).active()
    return people


def look_up(
    references: Collection[Reference],
) -> Mapping[Reference, tuple[JsonObject, ...]]:
    """Those who are named, in one query."""
    asked: dict[str, set[Any]] = {"id": set(), "email": set(), "name": set()}
    for each in references:
        asked[each.by].add(each.value)
    # As it was typed, and as it is written where that looks the same.
    asked["name"] |= {name_key(each) for each in asked["name"]}
    people = (
        people_here()
        .annotate(full_name=_full_name())
        .filter(Q(pk__in=asked["id"]) | Q(email__in=asked["email"]) | _called(asked["name"]))
        .annotate(
            role_ids=ArrayAgg("company_roles__pk", distinct=True),
            role_names=ArrayAgg("company_roles__name_key", distinct=True),
        )
        .order_by("pk")
    )
    found: dict[Reference, tuple[JsonObject, ...]] = {}
    for person in people:
        known = _as_json(person)
        # By number, too: what was typed is judged once more as the answer that it became.
        found[Reference(KEY, "id", person.pk)] = (known,)
        for each in references:
            if each.by != "id" and _is_meant(person, each):
                found[each] = (*found.get(each, ()), known)
    return found


def people_of_roles(roles: Iterable[RoleKey], *, most: int) -> dict[RoleKey, list[User]]:
    """The first people of each role by name, at most `most` + 1 of each, in one query."""
    wanted = sorted(set(roles), key=str)
    parts = [
        people_of_role(role)
        .annotate(of_role=Value(number))
        .order_by("first_name", "last_name", "email")
        .only("first_name", "last_name", "email")[: most + 1]
        for number, role in enumerate(wanted)
    ]
    found: dict[RoleKey, list[User]] = {role: [] for role in wanted}
    people: Any = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    for person in people:
        found[wanted[person.of_role]].append(person)
    return found


def workers_but(pk: int) -> QuerySet[User]:
    """The people of this company who do tasks, without one whose id is given."""
    workers = User.objects.with_role(SystemRole.TASK_WORKER)
    return people_here().filter(pk__in=workers.values("pk")).exclude(pk=pk)


def people_called(people: QuerySet[User], text: str) -> list[User]:
    """Those whose e-mail address or whole name this is: the first two, as two are too many."""
    if any(unstorable(text)):
        return []
    if "@" in text:
        return list(people.filter(email=plain_email(text))[:2])
    name = " ".join(text.split()).lower()
    return list(people.annotate(full_name=_full_name()).filter(full_name=name)[:2])


def search_people(text: str, people: QuerySet[User]) -> list[User]:
    """The first of these people whose name or e-mail address has these words."""
    people = people.annotate(full_name=_full_name())
    for word in text.lower().split()[:5]:
        people = people.filter(Q(full_name__contains=word) | Q(email__contains=word))
    return list(people.order_by("first_name", "last_name", "email")[:MOST_FOUND])


def people_of_role(role: RoleKey) -> QuerySet[User]:
    if role is None:
        return people_here()
    if isinstance(role, int):
        return people_here().filter(company_roles=role)
    return people_here().filter(company_roles__name_key=name_key(role))


def _full_name() -> Lower:
    full = Concat(F("first_name"), Value(" "), F("last_name"), output_field=CharField())
    return Lower(Trim(full))


def _called(names: Collection[str]) -> Q:
    return Q(full_name__in=names) if names else Q(pk__in=())


def _is_meant(person: User, reference: Reference) -> bool:
    value = str(reference.value)
    if reference.by == "email":
        return str(person.email) == value
    return name_key(person.get_full_name()) == name_key(value)


def _as_json(person: Any) -> JsonObject:
    roles: list[Json] = [
        each for each in [*person.role_ids, *person.role_names] if each is not None
    ]
    return {"id": person.pk, "email": person.email, "name": str(person), "roles": roles}
