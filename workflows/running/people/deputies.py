"""Who stands in for somebody who is away.

Naming a deputy gives nobody a right: company roles say, as ever, what each may be given and see. A
deputy who is away, too, is skipped: then theirs stands in, and so on, a few people far. Who is
switched off, or of another company, is nobody's deputy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from tenants.hooks import Hook
from tenants.models import User
from tenants.models.user import UserQuerySet
from workflows.running.people.workers import colleagues, eligible_workers

# With pairs of who is away, and who stands in for them from now on. What is told of it is a
# subject's above.
STANDS_IN: Hook[[Sequence[tuple[User, User]]], None] = Hook()
# With somebody who was switched off, and whom they had named.
SWITCHED_OFF: Hook[[User, User], None] = Hook()

# So many people are gone through, at most, from whoever is away on.
MOST_FOLLOWED: Final = 5


def possible_deputies(person: User) -> UserQuerySet:
    """Whom a person may name: the others of the company who do tasks, there or away."""
    return eligible_workers(None).exclude(pk=person.pk)


def acting_deputy(person: User) -> User | None:
    """Who stands in for a person now. None: they are there, or nobody does."""
    return acting_deputies([person]).get(person.pk)


def deputy_of(person: User) -> User | None:
    """Who would stand in for a person, who may be there; None: they named nobody who is."""
    if person.deputy_id is None:
        return None
    named = colleagues().filter(pk=person.deputy_id).first()
    if named is None or named.is_available:
        return named
    found = acting_deputy(named)
    return None if found == person else found


def acting_deputies(people: Collection[User]) -> dict[int, User]:
    """Who stands in for those of these people who are away: {their id: the deputy}.

    A query for each step from deputy to deputy, however many people they are; none where nobody
    is away who has named one. Circles come to an end.
    """
    away = {each.pk: each for each in people if each.is_active and not each.is_available}
    known = dict(away)
    for _step in range(MOST_FOLLOWED):
        named = {each.deputy_id for each in known.values() if not each.is_available}
        if not (missing := named - known.keys() - {None}):
            break
        known |= {each.pk: each for each in colleagues().filter(pk__in=missing)}
    found = {pk: _first_who_is_there(each, known) for pk, each in away.items()}
    return {pk: deputy for pk, deputy in found.items() if deputy is not None}


def _first_who_is_there(person: User, known: dict[int, User]) -> User | None:
    for _step in range(MOST_FOLLOWED):
        deputy = None if person.deputy_id is None else known.get(person.deputy_id)
        if deputy is None or deputy.is_available:
            return deputy
        person = deputy
    return None


def people_who_named(person: User) -> list[User]:
    """For whom a person stands in now, by name. One query where nobody named them.

    `acting_deputy` of each of them is this person.
    """
    if not person.is_available or not person.is_active:
        return []
    return people_who_had(person)


def people_who_had(person: User) -> list[User]:
    """The same of somebody who may be away by now."""
    found: dict[int, User] = {}
    named: Iterable[int] = [person.pk]
    for _step in range(MOST_FOLLOWED):
        away = colleagues().filter(is_available=False, deputy__in=named).exclude(pk=person.pk)
        new = [each for each in away if each.pk not in found]
        if not new:
            break
        found |= {each.pk: each for each in new}
        named = [each.pk for each in new]
    return sorted(found.values(), key=lambda each: (str(each).casefold(), each.pk))


def tell_deputies(*gone: User) -> None:
    """Whoever stands in for these people is told so: they have gone, or somebody else does now.

    So many queries as `acting_deputies` needs, however many they are.
    """
    deputies = acting_deputies(gone)
    if told := [(each, deputies[each.pk]) for each in gone if each.pk in deputies]:
        STANDS_IN.call_all(told)
