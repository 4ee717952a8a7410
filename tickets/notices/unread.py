from __future__ import annotations

from datetime import datetime
from typing import Final

from tenants.fast.prepared import send
from tenants.models import User
from tickets.models import Notice

# The bell shows no more, and counts no further.
MOST_COUNTED: Final = 99
# Each page asks this: Django would write it anew, which takes longer than Postgres takes to answer.
_COUNT: Final = """
SELECT count(*) FROM (
    SELECT FROM tickets_notice WHERE recipient_id = %s AND read_at IS NULL LIMIT %s) AS unread
"""


def count_unread(person: User) -> int:
    """How many unread notices a person has, counted to one past MOST_COUNTED. By an index."""
    ((count,),) = send(_COUNT, [person.pk, MOST_COUNTED + 1])
    return int(count)


def count_as_text(count: int) -> str:
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def read_one(*, person: User, notice_id: int, now: datetime) -> bool:
    """Mark a notice of this person as read; whether it was unread."""
    return bool(Notice.objects.of(person).filter(pk=notice_id).mark_read(now=now))


def read_all(*, person: User, up_to: int, now: datetime) -> int:
    """Mark all notices of a person as read but those that came after the one with this id."""
    return Notice.objects.of(person).filter(pk__lte=up_to).mark_read(now=now)
