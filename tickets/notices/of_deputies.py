"""Telling people that they are somebody's deputy, and that they stand in from now on."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from tenants.models import User
from tickets.notices.kinds.stands_in import STANDS_IN
from tickets.notices.tell import Told, tell_each
from workflows.engine.process import JsonObject
from workflows.people.deputies import NAMED
from workflows.running import deputies


@NAMED.register
def tell_of_naming(person: User, deputy: User) -> None:
    tell_each(STANDS_IN, [_told(person, deputy, _times(person))])


@deputies.STANDS_IN.register
def tell_of_absence(pairs: Sequence[tuple[User, User]]) -> None:
    tell_each(
        STANDS_IN,
        [_told(person, deputy, {**_times(person), "away": True}) for person, deputy in pairs],
    )


def _told(person: User, deputy: User, about: JsonObject) -> Told:
    """Of the same times once, whoever says so again; of an absence without end once a day."""
    times = about.values() if "until" in about else (*about, timezone.now().date())
    key = ":".join([str(person.pk), *map(str, times)])
    return Told(deputy.pk, person.pk, about, key[:100])


def _times(person: User) -> JsonObject:
    times = {"from": person.away_from, "until": person.away_until}
    return {name: moment.isoformat() for name, moment in times.items() if moment is not None}
