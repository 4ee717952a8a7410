"""In which language and time zone a person reads: in requests, jobs and mails.

A person's own choice stands on the person, empty where they have made none. Then the language is
what their browser asks for, or in a mail that of the installation; the zone is the company's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.utils import timezone, translation

from tenants.connection import in_public
from tenants.models import Company, User


def known_language(code: str) -> str:
    """The language where TicketFlower speaks it; else an empty text."""
    return code if code in dict(settings.LANGUAGES) else ""


def zone_of(person: User | None, company: Company | None) -> ZoneInfo:
    """The person's zone, the company's, or that of the installation: the first that is there.

    A name that this machine does not know (any more) counts as none.
    """
    names = (person.time_zone if person else "", company.time_zone if company else "")
    for name in (*names, settings.TIME_ZONE):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def company_zone() -> ZoneInfo:
    """The zone of the company at work; that of the installation outside of all."""
    return zone_of(None, None if in_public() else Company.objects.current())


def language_here() -> str:
    """What to remember of whoever is spoken to now; empty for the installation's own."""
    language = known_language(translation.get_language() or "")
    return "" if language == settings.LANGUAGE_CODE else language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is written meanwhile is in this language; the installation's where it is none."""
    with translation.override(known_language(language) or settings.LANGUAGE_CODE):
        yield


@contextmanager
def speaking_to(person: User | None, company: Company | None = None) -> Iterator[None]:
    """What is written meanwhile is in this person's language and zone; of nobody in the
    installation's and the company's.

    For what a person does not read in their own request: jobs and mails.
    """
    zone = zone_of(person, company or (person.company if person else None))
    with speaking(person.language if person else ""), timezone.override(zone):
        yield


def zone_names() -> list[str]:
    """The zones that people may choose: those of regions, and UTC."""
    return sorted(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "posix/")))
    )
