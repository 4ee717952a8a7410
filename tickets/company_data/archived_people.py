"""The people of an archive, each as it may be stored here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime

from tenants.companies.language_and_zone import known_language, zone_names
from tenants.names import LONGEST_NAME, plain_email, plain_name
from tickets.company_data.archive import PEOPLE, ArchiveReader, is_storable, parse
from tickets.company_data.refusing import refused, refusing
from workflows.fields.person.rules import MAX_ID

LONGEST_EMAIL: Final = 254
# What came to the people of an archive after the first version, and what it is in older ones.
_LATER: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "language": "",
        "time_zone": "",
        "away_from": None,
        "away_until": None,
        "erased_at": None,
        "deputy_id": None,
        "manager_id": None,
    }
)
# Of these, what is the number of somebody else of the company.
OF_OTHERS: Final = ("deputy_id", "manager_id")
# The address of whoever was erased: no mail reaches it, and it is none that a form would take.
ERASED_ADDRESS: Final = re.compile(r"erased-[0-9]+@invalid")


def people_of(archive: ArchiveReader) -> Iterator[dict[str, Any]]:
    """The people of an archive, each as it may be stored here.

    Raises:
        UnreadableArchiveError: somebody is none.
    """
    for line in archive.lines(PEOPLE):
        yield _person(parse(line, PEOPLE))


def _person(given: Any) -> dict[str, Any]:
    kinds = {
        "id": int,
        "email": str,
        "first_name": str,
        "last_name": str,
        "is_active": bool,
        "is_available": bool,
        "is_superuser": bool,
        "roles": list,
        "date_joined": str,
    }
    if not isinstance(given, dict):
        raise refused(PEOPLE)
    row: dict[str, Any] = {**_LATER, **given}  # archives that are older have less
    if set(row) != {*kinds, "last_login", *_LATER}:
        raise refused(PEOPLE)
    if any(type(row[name]) is not kind for name, kind in kinds.items()):
        raise refused(PEOPLE)
    texts = [row[name] for name in ("email", "first_name", "last_name", "language", "time_zone")]
    texts += row["roles"]
    if not all(isinstance(each, str) and is_storable(each) for each in texts):
        raise refused(PEOPLE)
    email, last_login = plain_email(row["email"]), row["last_login"]
    with refusing(ValidationError, ValueError, TypeError, OverflowError):
        erased = _moment_or_none(row["erased_at"])
        if erased is None and ERASED_ADDRESS.fullmatch(email):  # of an archive that does not say so
            erased = _moment(row["date_joined"])
        if erased is None:
            validate_email(email)
        joined = _moment(row["date_joined"])
        seen = _moment_or_none(last_login)
        away = [_moment_or_none(row[name]) for name in ("away_from", "away_until")]
    names = [plain_name(row[each]) for each in ("first_name", "last_name")]
    if len(email) > LONGEST_EMAIL or any(len(each) > LONGEST_NAME for each in names):
        raise refused(PEOPLE)
    if any(row[name] is not None and type(row[name]) is not int for name in OF_OTHERS):
        raise refused(PEOPLE)
    if not 0 < row["id"] < MAX_ID:
        raise refused(PEOPLE)
    first, last = names
    away_from, away_until = away if away[1] is not None else (None, None)
    return row | {
        "email": email,
        "language": known_language(row["language"]),
        "time_zone": row["time_zone"] if row["time_zone"] in _zones() else "",
        "away_from": away_from,
        "away_until": away_until,
        "erased_at": erased,
        "date_joined": joined,
        "last_login": seen,
        "first_name": first,
        "last_name": last,
    }


def _moment(text: str) -> datetime:
    """Raises ValueError, TypeError or OverflowError where it is none that can be stored."""
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone_names())
