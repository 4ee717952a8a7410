"""People whom rules of tasks name, in definitions that are kept: by their numbers, too.

A document names a person by their e-mail address. What is kept of it has the number beside it, so
that the rule follows the person when they get another address; documents then have that one. Who is
no person of the company stays an address: the rule is theirs when they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tenants.models import Company, User
from tenants.names import plain_email
from workflows.engine.approvals import Approvers
from workflows.engine.assigning import Who
from workflows.engine.process import Json, JsonObject

PEOPLE = Approvers.PEOPLE.value


def numbers_of(tasks: Iterable[Mapping[str, Json]]) -> dict[str, int]:
    """{address: number} of the people whom tasks of a document name; a query where they do."""
    named = {
        email
        for task in tasks
        for email in _addresses(task.get("assign_to"), task.get("approvers"))
    }
    if not named:
        return {}
    people = User.objects.of_company(Company.objects.current()).filter(email__in=named)
    return dict(people.values_list("email", "pk"))


def addresses_of(rows: Iterable[tuple[Json, Json]]) -> dict[int, str]:
    """{number: address} of the people whom kept tasks name: `assign_to` and `approvers` of each."""
    numbers = {number for row in rows for number in _numbers(*row)}
    if not numbers:
        return {}
    people = User.objects.of_company(Company.objects.current()).filter(pk__in=numbers)
    return dict(people.values_list("pk", "email"))


def kept_rule(assign_to: Json, numbers: Mapping[str, int]) -> Json:
    """`assign_to` of a document, as it is kept."""
    return _with_email(assign_to, lambda email: _kept(email, numbers))


def kept_approvers(approvers: Json, numbers: Mapping[str, int]) -> Json:
    """`approvers` of a document, as they are kept."""

    def kept(each: Json) -> Json:
        return _kept(each, numbers) if isinstance(each, str) else each

    return _with_each(approvers, kept)


def rule_of_document(assign_to: Json, addresses: Mapping[int, str]) -> Json:
    """`assign_to` that was kept, as documents have it."""
    if not isinstance(assign_to, dict) or "id" not in assign_to:
        return assign_to
    made: JsonObject = {name: value for name, value in assign_to.items() if name != "id"}
    return {**made, "email": _now(assign_to, addresses)}


def approvers_of_document(approvers: Json, addresses: Mapping[int, str]) -> Json:
    """`approvers` that were kept, as documents have them."""

    def named(each: Json) -> Json:
        return _now(each, addresses) if isinstance(each, dict) else each

    return _with_each(approvers, named)


def with_people(kept: Json, change: Callable[[Json], Json]) -> Json:
    """`assign_to` or `approvers` that were kept, with everybody who has a number changed."""
    if isinstance(kept, dict) and "id" in kept:
        return change(kept)
    return _with_each(kept, lambda each: change(each) if isinstance(each, dict) else each)


def _kept(email: str, numbers: Mapping[str, int]) -> Json:
    number = numbers.get(plain_email(email))
    if number is None:
        return email
    kept: JsonObject = {"id": number, "email": email}
    return kept


def _now(kept: JsonObject, addresses: Mapping[int, str]) -> str:
    """The address as it was written, where it is still theirs."""
    number, email = kept.get("id"), str(kept.get("email") or "")
    now = addresses.get(number) if isinstance(number, int) else None
    return email if now is None or now == plain_email(email) else now


def _with_email(assign_to: Json, keep: Callable[[str], Json]) -> Json:
    if not isinstance(assign_to, dict) or assign_to.get("who") != Who.PERSON:
        return assign_to
    kept = keep(str(assign_to.get("email") or ""))
    return {**assign_to, **kept} if isinstance(kept, dict) else assign_to


def _with_each(approvers: Json, change: Callable[[Json], Json]) -> Json:
    listed = approvers.get(PEOPLE) if isinstance(approvers, dict) else None
    if not isinstance(listed, list) or not isinstance(approvers, dict):
        return approvers
    return {**approvers, PEOPLE: [change(each) for each in listed]}


def _addresses(assign_to: Json, approvers: Json) -> Iterator[str]:
    if isinstance(assign_to, dict) and assign_to.get("who") == Who.PERSON:
        yield plain_email(str(assign_to.get("email") or ""))
    listed = approvers.get(PEOPLE) if isinstance(approvers, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, str):
            yield plain_email(each)


def _numbers(assign_to: Json, approvers: Json) -> Iterator[int]:
    listed = approvers.get(PEOPLE) if isinstance(approvers, dict) else None
    for each in (assign_to, *(listed if isinstance(listed, list) else ())):
        number = each.get("id") if isinstance(each, dict) else None
        if isinstance(number, int):
            yield number
