"""How often something may be asked for, counted over all web processes, in Postgres.

What may be asked for how often stands in `tenants/limits.py`; here it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from django.core.cache import caches
from django.db import connection

from tenants.errors import AttemptsPausedError, RateLimitedError

# The longest pause after a wrong password doubles no further than so many times.
_MOST_DOUBLINGS = 30

# Each is one statement, so that no two processes count the same request; the server's clock, so
# that none of theirs matters.
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
COUNTED = """
SELECT count FROM public.tenants_requestcount
 WHERE key = %s AND began_at > clock_timestamp() - %s * interval '1 second'
"""
# Writes nothing, and returns nothing, while a pause lasts.
TRY = """
INSERT INTO public.tenants_attemptcount AS known (key, count, ends_at, paused_until)
VALUES (%(key)s, 1, clock_timestamp() + %(memory)s * interval '1 second', NULL)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN known.ends_at > clock_timestamp() THEN known.count + 1 ELSE 1 END,
    ends_at = CASE WHEN known.ends_at > clock_timestamp() AND NOT %(sliding)s THEN known.ends_at
                   ELSE clock_timestamp() + %(memory)s * interval '1 second' END,
    paused_until = CASE
        WHEN known.ends_at > clock_timestamp() AND known.count + 1 >= %(free)s
        THEN clock_timestamp() + interval '1 second' * least(
            %(longest)s, %(first)s * power(2, least(known.count + 1 - %(free)s, %(doublings)s)))
        END
WHERE known.paused_until IS NULL OR known.paused_until <= clock_timestamp()
RETURNING count
"""
LEFT = """
SELECT EXTRACT(EPOCH FROM paused_until - clock_timestamp())
FROM public.tenants_attemptcount WHERE key = %s AND paused_until IS NOT NULL
"""
FORGIVE = "DELETE FROM public.tenants_attemptcount WHERE key = %s"
# The attempt that succeeded counts no more, and what it began; those before it do.
GIVE_BACK = """
UPDATE public.tenants_attemptcount SET count = greatest(count - 1, 0), paused_until = NULL
WHERE key = %s
"""
FORGET = """
DELETE FROM public.tenants_requestcount
WHERE began_at <= clock_timestamp() - %s * interval '1 second'
"""
FORGET_ATTEMPTS = "DELETE FROM public.tenants_attemptcount WHERE ends_at <= clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Pauses:
    """How attempts that may fail are slowed down.

    After `free` failures in a row comes a pause of `first` seconds, after each one more twice as
    long, up to `longest` seconds. Whoever fails no more for `memory` seconds begins anew; where it
    is not `sliding`, everybody does so many seconds after the first failure.
    """

    free: int
    first: int
    longest: int
    memory: int
    sliding: bool = True


def count_request(kind: str, who: str, *, most: int, seconds: int, remembers: bool = True) -> None:
    """Count a request of somebody; `who` may be long or secret, and is not kept.

    Where it `remembers`, this process says from memory that there were too many until the seconds
    are over, so that a flood does not reach the database.

    Raises:
        RateLimitedError: there were more than `most` within `seconds`, which begin with the first
            one.
    """
    key = _key(kind, who)
    refused = caches["rates"]
    left = refused.get(key) if remembers else None
    if left is None:
        count, left = _count(key, seconds)
        if count <= most:
            return
        if remembers:
            refused.set(key, left, timeout=left)
    raise RateLimitedError(left)


def counted_requests(kind: str, who: str, *, seconds: int) -> int:
    """How many requests of somebody count at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [_key(kind, who), seconds])
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def begin_attempt(kind: str, who: str, *, pauses: Pauses) -> None:
    """Count an attempt before it is known whether it fails: many at once are all counted.

    Raises:
        AttemptsPausedError: a pause is on. This attempt is not counted.
    """
    key = _key(kind, who)
    with connection.cursor() as cursor:
        cursor.execute(
            TRY,
            {
                "key": key,
                "memory": pauses.memory,
                "sliding": pauses.sliding,
                "free": pauses.free,
                "first": pauses.first,
                "longest": pauses.longest,
                "doublings": _MOST_DOUBLINGS,
            },
        )
        if cursor.fetchone() is not None:
            return
        cursor.execute(LEFT, [key])
        found = cursor.fetchone()
    raise AttemptsPausedError(max(1, ceil(found[0])) if found else 1)


def forgive_attempts(kind: str, who: str) -> None:
    """An attempt succeeded: those before it count no more."""
    _run(FORGIVE, _key(kind, who))


def give_attempt_back(kind: str, who: str) -> None:
    """An attempt succeeded: this one counts no more."""
    _run(GIVE_BACK, _key(kind, who))


def forget_old_counts(*, seconds: int) -> int:
    """Delete what counts no more: requests of so long ago, and old attempts; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [seconds])
        requests = int(cursor.rowcount)
        cursor.execute(FORGET_ATTEMPTS)
        return requests + int(cursor.rowcount)


def _key(kind: str, who: str) -> str:
    return sha256(f"{kind}:{who}".encode("utf-8", "replace")).hexdigest()


def _count(key: str, seconds: int) -> tuple[int, int]:
    """How many there are with this one, and for how many seconds they count."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "window": seconds})
        count, left = cursor.fetchone()
    return int(count), max(1, ceil(left))


def _run(statement: str, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
