"""The language of what people outside read, whom nobody has asked for theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from tenants.companies.language_and_zone import speaking, zone_of
from tenants.models import Company
from workflows.models import BusinessCalendar


@contextmanager
def speaking_outside(company: Company, *, otherwise: str = "") -> Iterator[None]:
    """What is written meanwhile is in the language that the company at work has set for it.

    `otherwise`: the language where it has set none, such as that in which somebody reads the page
    that has the mail sent; empty: that of the installation. In the company's time zone. One query.
    """
    language = BusinessCalendar.objects.current().outside_language or otherwise
    with speaking(language), timezone.override(zone_of(None, company)):
        yield
