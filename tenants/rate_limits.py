"""How often something may be asked for, counted over all web processes, in Postgres."""

from __future__ import annotations

from hashlib import sha256
from math import ceil

from django.core.cache import caches
from django.db import connection

from tenants.errors import RateLimitedError

# How long a window is, in seconds; the first request of somebody opens theirs.
WINDOW = 60

# One statement, so that no two processes count the same request; the server's clock, so that
# none of theirs matters.
COUNT = """
INSERT INTO public.tenants_requestcount AS known (key, began_at, count)
VALUES (%(key)s, clock_timestamp(), 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN known.began_at > clock_timestamp() - %(window)s * interval '1 second'
                 THEN known.count + 1 ELSE 1 END,
    began_at = CASE WHEN known.began_at > clock_timestamp() - %(window)s * interval '1 second'
                    THEN known.began_at ELSE clock_timestamp() END
RETURNING count, EXTRACT(EPOCH FROM began_at - clock_timestamp()) + %(window)s
"""
FORGET = """
DELETE FROM public.tenants_requestcount
WHERE began_at <= clock_timestamp() - %s * interval '1 second'
"""


def count_request(kind: str, who: str, *, most: int) -> None:
    """Count a request of somebody; `who` may be long or secret, and is not kept.

    Raises:
        RateLimitedError: there were more than `most` within a minute. Until it is over this process
            says so from memory, so that a flood does not reach the database.
    """
    key = sha256(f"{kind}:{who}".encode("utf-8", "replace")).hexdigest()
    refused = caches["rates"]
    left = refused.get(key)
    if left is None:
        count, left = _count(key)
        if count <= most:
            return
        refused.set(key, left, timeout=left)
    raise RateLimitedError(left)


def _count(key: str) -> tuple[int, int]:
    """How many there are with this one, and for how many seconds they count."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "window": WINDOW})
        count, left = cursor.fetchone()
    return int(count), max(1, ceil(left))


def forget_old_counts() -> int:
    """Delete what counts no more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [WINDOW])
        return int(cursor.rowcount)
