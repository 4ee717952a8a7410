"""Lists, a page at a time: each begins after the last of the page before, however long the list."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from ninja import Field

from tenants.errors import TokenError

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


class CursorError(TokenError):
    message = _("This cursor is none of ours. Begin the list anew.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY


def cursor_of(number: int) -> str:
    """What stands for “after the row with this number”."""
    return base64.urlsafe_b64encode(f"id:{number}".encode()).decode().rstrip("=")


def number_of(cursor: str) -> int | None:
    """The number in a cursor; None: the list begins.

    Raises:
        CursorError
    """
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        name, _colon, digits = text.partition(":")
        number = int(digits) if digits.isascii() and digits.isdigit() else 0
    except ValueError as error:
        raise CursorError from error
    if name != "id" or not 0 < number <= _LARGEST:
        raise CursorError
    return number


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
    found = rows.order_by("-pk" if newest_first else "pk")[: limit + 1]
    page: Sequence[Any] = list(found)
    more = cursor_of(page[limit - 1].pk) if len(page) > limit else None
    return [show(each) for each in page[:limit]], more
