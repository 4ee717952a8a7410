"""Moments and days that a program sends: written out, never a number of seconds, and such as every
database and every zone can hold."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
_BEGINNING: Final = re.compile(r"\d{4}-\d\d-\d\d(?!\d)", re.ASCII)


def _written(sent: Any) -> Any:
    """Raises ValueError: it is no day; pydantic would read a number as seconds since 1970."""
    if isinstance(sent, date) or (isinstance(sent, str) and _BEGINNING.match(sent)):
        return sent
    raise ValueError("a moment is written as 2026-11-30T08:00:00Z")


def _ensure_year(year: int) -> None:
    """Pydantic says where it stands."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        words = {"first": FIRST_YEAR, "last": LAST_YEAR}
        said = _("Give a year from %(first)s to %(last)s.") % words
        raise PydanticCustomError("year", "{said}", {"said": said})


def _moment(moment: datetime) -> datetime:
    """Without a zone it is meant in the person's."""
    _ensure_year(moment.year)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _day(day: date) -> date:
    _ensure_year(day.year)
    return day


Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_moment)]
Day = Annotated[date, BeforeValidator(_written), AfterValidator(_day)]
