"""People whom definitions name, by their e-mail addresses: so that they are meant at another one.

A document names a person by their address. `OF_TASKS`, `OF_TRANSITIONS` and `OF_TICKET_TYPES` are
all the places where it does, but for answers (defaults, presets, test cases). What is kept of a
task or a transition never changes, and has the person's number beside the address. A ticket type is
no part of what a version
vouches for: its rows are written anew when somebody gets another address. Either way documents then
have that one. Who is no person of the company stays an address: they are meant when they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tenants.models import Company, User
from tenants.names import plain_email
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.approvals import Approvers
from workflows.engine.steps.assigning import Who
from workflows.engine.steps.messages import Recipient

PEOPLE = Approvers.PEOPLE.value

# Given how somebody is named (their address, or an object with their number as `id` beside it),
# returns how they are to be named.
type Change = Callable[[Json], Json]
# Changes everybody who is named in a value; what names nobody stays as it is.
type Place = Callable[[Json, Change], Json]


def _in_rule(rule: Json, change: Change) -> Json:
    """{"who": "person", "email": …}, with `id` where it is kept."""
    if not isinstance(rule, dict) or rule.get("who") not in (Who.PERSON, Recipient.PERSON):
        return rule
    email = rule.get("email")
    named: Json = {"id": rule["id"], "email": email} if "id" in rule else email
    changed = change(named) if named else named
    if changed == named:
        return rule
    made: JsonObject = {name: value for name, value in rule.items() if name != "id"}
    return {**made, **(changed if isinstance(changed, dict) else {"email": changed})}


def _in_approvers(approvers: Json, change: Change) -> Json:
    """{"people": [address, …]}; a rule that yields people names nobody by an address."""
    listed = approvers.get(PEOPLE) if isinstance(approvers, dict) else None
    if not isinstance(listed, list) or not isinstance(approvers, dict):
        return approvers
    return {**approvers, PEOPLE: [change(each) if _is_named(each) else each for each in listed]}


def _in_rules(rules: Json, change: Change) -> Json:
    """A list of rules."""
    return [_in_rule(each, change) for each in rules] if isinstance(rules, list) else rules


def _in_reminders(reminders: Json, change: Change) -> Json:
    """[{"tell": "person", "person": address, …}, …]"""
    if not isinstance(reminders, list):
        return reminders
    name = "person"
    return [
        {**each, name: change(each[name])} if isinstance(each, dict) and each.get(name) else each
        for each in reminders
    ]


def _in_text(email: Json, change: Change) -> Json:
    return change(email) if email else email


def _in_starts(starts: Json, change: Change) -> Json:
    if not isinstance(starts, list):
        return starts
    name = "on_behalf_of"
    return [
        {**each, name: change(each[name])} if isinstance(each, dict) and each.get(name) else each
        for each in starts
    ]


def _is_named(value: Json) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and "id" in value)


# By the name that the part has in documents, and in the model.
OF_TASKS: Final[Mapping[str, Place]] = {
    "assign_to": _in_rule,
    "approvers": _in_approvers,
    "message": _in_rule,
    "reminders": _in_reminders,
}
OF_TRANSITIONS: Final[Mapping[str, Place]] = {"messages": _in_rules}
_OF_VERSIONS: Final[Mapping[str, Place]] = {**OF_TASKS, **OF_TRANSITIONS}
OF_TICKET_TYPES: Final[Mapping[str, Place]] = {"public_for": _in_text, "starts": _in_starts}


def numbers_of(parts: Iterable[Mapping[str, Json]]) -> dict[str, int]:
    """{address: number} of the people whom tasks and transitions of a document name.

    A query where they do.
    """
    named: set[str] = set()

    def note(each: Json) -> Json:
        if isinstance(each, str):
            named.add(plain_email(each))
        return each

    for part in parts:
        for name, place in _OF_VERSIONS.items():
            place(part.get(name), note)
    if not named:
        return {}
    people = User.objects.of_company(Company.objects.current()).filter(email__in=named)
    return dict(people.values_list("email", "pk"))


def addresses_of(rows: Iterable[Any]) -> dict[int, str]:
    """{number: address} of the people whom kept tasks and transitions (rows of models) name."""
    numbers: set[int] = set()

    def note(each: Json) -> Json:
        if isinstance(each, dict) and isinstance(number := each.get("id"), int):
            numbers.add(number)
        return each

    for row in rows:
        for name, place in _OF_VERSIONS.items():
            place(getattr(row, name, None), note)
    if not numbers:
        return {}
    people = User.objects.of_company(Company.objects.current()).filter(pk__in=numbers)
    return dict(people.values_list("pk", "email"))


def kept_parts(part: Mapping[str, Json], numbers: Mapping[str, int]) -> JsonObject:
    """What of a task or a transition of a document names people, as it is kept."""

    def kept(each: Json) -> Json:
        number = numbers.get(plain_email(each)) if isinstance(each, str) else None
        return each if number is None else {"id": number, "email": each}

    return {name: place(part[name], kept) for name, place in _OF_VERSIONS.items() if name in part}


def part_of_document(name: str, kept: Json, addresses: Mapping[int, str]) -> Json:
    """A part of a task or a transition that was kept, as documents have it."""
    place = _OF_VERSIONS.get(name)
    return kept if place is None else place(kept, lambda each: _now(each, addresses))


def _now(kept: Json, addresses: Mapping[int, str]) -> Json:
    """The address as it was written, where it is still theirs."""
    if not isinstance(kept, dict):
        return kept
    number, email = kept.get("id"), str(kept.get("email") or "")
    now = addresses.get(number) if isinstance(number, int) else None
    return email if now is None or now == plain_email(email) else now
