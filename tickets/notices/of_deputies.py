"""Telling people that they are somebody's deputy, and that they stand in from now on."""

from __future__ import annotations

from tenants.models import User
from tickets.notices.kinds.stands_in import STANDS_IN
from tickets.notices.tell import tell
from workflows.engine.process import JsonObject
from workflows.people.deputies import NAMED
from workflows.running import deputies


@NAMED.register
def tell_of_naming(person: User, deputy: User) -> None:
    _tell(person, deputy, _times(person))


@deputies.STANDS_IN.register
def tell_of_absence(person: User, deputy: User) -> None:
    _tell(person, deputy, {**_times(person), "away": True})


def _tell(person: User, deputy: User, about: JsonObject) -> None:
    """Of the same times once, whoever says so again."""
    key = ":".join([str(person.pk), *map(str, about.values())]) if "until" in about else ""
    tell(STANDS_IN, [deputy], ticket_id=None, about=about, by=person, key=key[:100])


def _times(person: User) -> JsonObject:
    times = {"from": person.away_from, "until": person.away_until}
    return {name: moment.isoformat() for name, moment in times.items() if moment is not None}
