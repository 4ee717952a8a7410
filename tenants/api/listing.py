"""Lists, a page at a time: each begins after the last of the page before, however long the list."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from ninja import Field

from tenants.errors import TokenError
from tenants.fast.pages_of_rows import page_of

MOST: Final = 100
Limit = Annotated[int, Field(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str,
    Field(
        max_length=60,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="What “next” of the page before says.",
    ),
]
_LARGEST: Final = 2**63 - 1
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class CursorError(TokenError):
    message = _("This cursor is none of ours. Begin the list anew.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY


def cursor_of(number: int) -> str:
    """What stands for “after the row with this number”."""
    return _written("id", number)


def number_of(cursor: str) -> int | None:
    """The number in a cursor; None: the list begins.

    Raises:
        CursorError
    """
    return _read(cursor, "id", 1)[0] if cursor else None


def listed[T](
    rows: QuerySet[Any],
    *,
    after: str,
    limit: int,
    show: Callable[[Any], T],
    newest_first: bool = True,
) -> tuple[list[T], str | None]:
    """A page of rows by their numbers, as `show` has each, and the cursor of the next page.

    Raises:
        CursorError
    """
    number = number_of(after)
    if number is not None:
        rows = rows.filter(pk__lt=number) if newest_first else rows.filter(pk__gt=number)
    page, last = page_of(rows.order_by("-pk" if newest_first else "pk"), most=limit)
    return [show(each) for each in page], None if last is None else cursor_of(last)


def listed_by_time[T](
    rows: QuerySet[Any], column: str, *, after: str, limit: int, show: Callable[[Any], T]
) -> tuple[list[T], str | None]:
    """As `listed`, by the moment in a column, the latest first; of equal ones by their numbers.

    For a list that is bounded by that moment: by numbers, which need not follow it, everything
    that came since would be gone through.

    Raises:
        CursorError
    """
    if after:
        microseconds, number = _read(after, "at", 2)
        try:
            at = _BEGINNING + microseconds * _MICROSECOND
        except OverflowError as error:
            raise CursorError from error
        earlier = Q(**{f"{column}__lt": at}) | Q(pk__lt=number)
        rows = rows.filter(earlier, **{f"{column}__lte": at})
    page, last = page_of(rows.order_by(f"-{column}", "-pk"), most=limit)
    following = None
    if last is not None and page:
        microseconds = (getattr(page[-1], column) - _BEGINNING) // _MICROSECOND
        following = _written("at", microseconds, page[-1].pk)
    return [show(each) for each in page], following


def _written(name: str, *numbers: int) -> str:
    text = ":".join([name, *map(str, numbers)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, name: str, count: int) -> list[int]:
    """So many numbers, each greater than zero.

    Raises:
        CursorError
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found, *digits = text.split(":")
        numbers = [int(each) for each in digits if each.isascii() and each.isdigit()]
    except ValueError as error:
        raise CursorError from error
    is_ours = found == name and len(numbers) == len(digits) == count
    if not is_ours or not all(0 < each <= _LARGEST for each in numbers):
        raise CursorError
    return numbers
