"""Telling people that they are somebody's deputy, and that they stand in from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from tenants.models import User
from tickets.models import Notice
from tickets.notices.kinds.stands_in import STANDS_IN
from tickets.notices.kinds.stands_in_no_more import STANDS_IN_NO_MORE
from tickets.notices.tell import Told, tell_each
from workflows.engine.process import JsonObject
from workflows.people.availability import Availability
from workflows.people.deputies import NAMED, WITHDRAWN
from workflows.running.people import deputies


@NAMED.register
def tell_of_naming(person: User, deputy: User) -> None:
    tell_each(STANDS_IN, [_told(person, deputy, _times(person))])


@deputies.STANDS_IN.register
def tell_of_absence(pairs: Sequence[tuple[User, User]]) -> None:
    tell_each(
        STANDS_IN,
        [_told(person, deputy, {**_times(person), "away": True}) for person, deputy in pairs],
    )


@WITHDRAWN.register
def tell_of_withdrawal(person: User, deputy: User, before: Availability) -> None:
    # Should they plan the same once more, the deputy is told once more.
    told = Notice.objects.filter(kind=STANDS_IN, recipient=deputy, actor=person)
    told.exclude(key="").update(key="")
    times = _iso({"from": before.away_from, "until": before.away_until})
    tell_each(STANDS_IN_NO_MORE, [Told(deputy.pk, person.pk, times)])


@deputies.SWITCHED_OFF.register
def tell_of_switching_off(person: User, deputy: User) -> None:
    tell_each(STANDS_IN_NO_MORE, [Told(deputy.pk, person.pk, {"inactive": True})])


def _told(person: User, deputy: User, about: JsonObject) -> Told:
    """Of the same times once, whoever says so again; of an absence without end once a day."""
    times = about.values() if "until" in about else (*about, timezone.now().date())
    key = ":".join([str(person.pk), *map(str, times)])
    return Told(deputy.pk, person.pk, about, key[:100])


def _times(person: User) -> JsonObject:
    return _iso({"from": person.away_from, "until": person.away_until})


def _iso(times: Mapping[str, datetime | None]) -> JsonObject:
    return {name: moment.isoformat() for name, moment in times.items() if moment is not None}
