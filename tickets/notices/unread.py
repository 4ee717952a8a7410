from __future__ import annotations

from datetime import datetime
from typing import Final

from tenants.models import User
from tickets.models import Notice

# The bell shows no more, and counts no further.
MOST_COUNTED: Final = 99


def count_unread(person: User) -> int:
    """How many unread notices a person has, counted to one past MOST_COUNTED. By an index."""
    return Notice.objects.of(person).unread().order_by()[: MOST_COUNTED + 1].count()


def count_as_text(count: int) -> str:
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def read_one(*, person: User, notice_id: int, now: datetime) -> bool:
    """Mark a notice of this person as read; whether it was unread."""
    return bool(Notice.objects.of(person).filter(pk=notice_id).mark_read(now=now))


def read_all(*, person: User, up_to: int, now: datetime) -> int:
    """Mark all notices of a person as read but those that came after the one with this id."""
    return Notice.objects.of(person).filter(pk__lte=up_to).mark_read(now=now)
