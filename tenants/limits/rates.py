"""How often something may be asked for, counted over all web processes, in Postgres.

What may be asked for how often stands in `tenants/limits/table.py`; here it is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import Any

from django.core.cache import caches
from django.db import connection

from tenants.errors import AttemptsPausedError, RateLimitedError

# The longest pause after a wrong password doubles no further than so many times.
_MOST_DOUBLINGS = 30
# As the column holds it.
_LARGEST_COUNT = 2**31 - 1
_PARAMETERS = ("memory", "sliding", "free", "first", "longest")

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
# Many at once: writes nothing, and returns nothing, where they are too many.
COUNT_MANY = """
INSERT INTO public.tenants_requestcount AS known (key, began_at, count)
VALUES (%(key)s, clock_timestamp(), %(number)s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN known.began_at > clock_timestamp() - %(window)s * interval '1 second'
                 THEN known.count ELSE 0 END + EXCLUDED.count,
    began_at = CASE WHEN known.began_at > clock_timestamp() - %(window)s * interval '1 second'
                    THEN known.began_at ELSE clock_timestamp() END
WHERE known.began_at <= clock_timestamp() - %(window)s * interval '1 second'
   OR known.count + EXCLUDED.count <= %(most)s
RETURNING count
"""
# Several at once, each with a number of its own; UNCOUNT_EACH takes back what is too many.
COUNT_EACH = """
INSERT INTO public.tenants_requestcount AS known (key, began_at, count)
SELECT key, clock_timestamp(), number
  FROM unnest(%(keys)s::text[], %(numbers)s::integer[]) AS asked (key, number) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    count = least(%(largest)s::bigint, EXCLUDED.count::bigint +
            CASE WHEN known.began_at > clock_timestamp() - %(window)s * interval '1 second'
                 THEN known.count ELSE 0 END),
    began_at = CASE WHEN known.began_at > clock_timestamp() - %(window)s * interval '1 second'
                    THEN known.began_at ELSE clock_timestamp() END
RETURNING key, count
"""
UNCOUNT_EACH = """
UPDATE public.tenants_requestcount AS known SET count = greatest(0, known.count - number)
  FROM unnest(%s::text[], %s::integer[]) AS refused (key, number) WHERE known.key = refused.key
"""
COUNTED = """
SELECT count FROM public.tenants_requestcount
 WHERE key = %s AND began_at > clock_timestamp() - %s * interval '1 second'
"""
COUNTED_EACH = """
SELECT key, count FROM public.tenants_requestcount
 WHERE key = ANY(%s) AND began_at > clock_timestamp() - %s * interval '1 second'
"""
GIVE_REQUEST_BACK = """
UPDATE public.tenants_requestcount SET count = greatest(count - 1, 0) WHERE key = %s
"""
# Writes nothing, and returns nothing, while a pause lasts. Of two, the second is tried only where
# the first is not paused: {n} numbers the parameters.
_TRY = """
INSERT INTO public.tenants_attemptcount AS known (key, count, ends_at, paused_until)
SELECT %(key{n})s, 1, clock_timestamp() + %(memory{n})s * interval '1 second', NULL {after}
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN known.ends_at > clock_timestamp() THEN known.count + 1 ELSE 1 END,
    ends_at = CASE WHEN known.ends_at > clock_timestamp() AND NOT %(sliding{n})s THEN known.ends_at
                   ELSE clock_timestamp() + %(memory{n})s * interval '1 second' END,
    paused_until = CASE
        WHEN known.ends_at > clock_timestamp() AND known.count + 1 >= %(free{n})s
        THEN clock_timestamp() + interval '1 second' * least(
            %(longest{n})s,
            %(first{n})s * power(2, least(known.count + 1 - %(free{n})s, %(doublings)s)))
        END
WHERE known.paused_until IS NULL OR known.paused_until <= clock_timestamp()
RETURNING count
"""
TRY = _TRY.format(n=0, after="")
TRY_TWO = f"""
WITH one AS ({TRY}), two AS ({_TRY.format(n=1, after="FROM one")})
SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM two)
"""  # noqa: S608  # nosec B608
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
# In the order in which TRY_TWO locks them: the count of `gone` is needed before the other row.
END_TWO = f"WITH gone AS ({FORGIVE} RETURNING key) {GIVE_BACK} AND (SELECT count(*) FROM gone) >= 0"  # noqa: S608  # nosec B608
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


@dataclass(frozen=True, slots=True)
class Counted:
    """By which key an attempt is counted, and which pauses that makes."""

    key: str
    pauses: Pauses

    @classmethod
    def of(cls, kind: str, who: str, pauses: Pauses) -> Counted:
        return cls(_key(kind, who), pauses)

    def parameters(self, number: int) -> dict[str, Any]:
        values = {"key": self.key, **{name: getattr(self.pauses, name) for name in _PARAMETERS}}
        return {f"{name}{number}": value for name, value in values.items()}


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


def count_requests(kind: str, who: str, number: int, *, most: int, seconds: int) -> None:
    """Count so many requests of somebody at once, or none of them.

    Raises:
        RateLimitedError: there would be more than `most`; it says how many there could be.
    """
    if number <= 0:
        return
    if number <= most:
        with connection.cursor() as cursor:
            values: dict[str, Any] = {
                "key": _key(kind, who),
                "number": number,
                "window": seconds,
                "most": most,
            }
            cursor.execute(COUNT_MANY, values)
            if cursor.fetchone() is not None:
                return
    counted = counted_requests(kind, who, seconds=seconds)
    raise RateLimitedError(seconds, left=max(0, most - counted))


def count_what_fits(
    kind: str, numbers: Mapping[str, int], *, most: int, seconds: int
) -> dict[str, int]:
    """Count of so many requests of each of several those that each may have; returns how many.

    Inside a transaction: one statement locks their counts in one order until its end; where
    some are too many, a second one takes those back.
    """
    if not numbers:
        return {}
    of_key = {_key(kind, who): who for who in numbers}
    values: dict[str, Any] = {
        "keys": list(of_key),
        "numbers": [numbers[who] for who in of_key.values()],
        "window": seconds,
        "largest": _LARGEST_COUNT,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT_EACH, values)
        before = {of_key[key]: count - numbers[of_key[key]] for key, count in cursor.fetchall()}
        fits = {who: max(0, min(numbers[who], most - count)) for who, count in before.items()}
        refused = {key: numbers[who] - fits[who] for key, who in of_key.items()}
        refused = {key: number for key, number in refused.items() if number}
        if refused:
            cursor.execute(UNCOUNT_EACH, [list(refused), list(refused.values())])
    return fits


def counted_requests(kind: str, who: str, *, seconds: int) -> int:
    """How many requests of somebody count at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [_key(kind, who), seconds])
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def is_refused(kind: str, who: str) -> bool:
    """Whether this process remembers that somebody asked too often. Asks nobody."""
    return caches["rates"].get(_key(kind, who)) is not None


def counted_of_each(kind: str, whos: Iterable[str], *, seconds: int) -> dict[str, int]:
    """How many requests of each of them count at this moment, by one statement."""
    of_key = {_key(kind, who): who for who in whos}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED_EACH, [list(of_key), seconds])
        found = {of_key[key]: int(count) for key, count in cursor.fetchall()}
    return {who: found.get(who, 0) for who in of_key.values()}


def give_request_back(kind: str, who: str) -> None:
    """One that was counted counts no more."""
    _run(GIVE_REQUEST_BACK, _key(kind, who))


def begin_attempt(kind: str, who: str, *, pauses: Pauses) -> None:
    """Count an attempt before it is known whether it fails: many at once are all counted.

    Raises:
        AttemptsPausedError: a pause is on. This attempt is not counted.
    """
    counted = Counted(_key(kind, who), pauses)
    with connection.cursor() as cursor:
        cursor.execute(TRY, {**counted.parameters(0), "doublings": _MOST_DOUBLINGS})
        if cursor.fetchone() is not None:
            return
    raise _paused(counted.key)


def begin_attempts(one: Counted, two: Counted) -> None:
    """Count one attempt in two ways, by one statement.

    Raises:
        AttemptsPausedError: a pause is on, of one of them. It is not counted in either way.
    """
    parameters = {**one.parameters(0), **two.parameters(1), "doublings": _MOST_DOUBLINGS}
    with connection.cursor() as cursor:
        cursor.execute(TRY_TWO, parameters)
        is_one, is_two = cursor.fetchone()
        if is_one and is_two:
            return
        if is_one:  # it is made by nobody
            cursor.execute(GIVE_BACK, [one.key])
    raise _paused(two.key if is_one else one.key)


def forgive_attempts(kind: str, who: str) -> None:
    """An attempt succeeded: those before it count no more."""
    _run(FORGIVE, _key(kind, who))


def end_attempts(one: Counted, two: Counted) -> None:
    """An attempt succeeded that was counted in two ways: those before it count no more in the first
    one; in the second they do, and this one does not."""
    with connection.cursor() as cursor:
        cursor.execute(END_TWO, [one.key, two.key])


def forget_old_counts(*, seconds: int) -> int:
    """Delete what counts no more: requests of so long ago, and old attempts; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [seconds])
        requests = int(cursor.rowcount)
        cursor.execute(FORGET_ATTEMPTS)
        return requests + int(cursor.rowcount)


def _paused(key: str) -> AttemptsPausedError:
    with connection.cursor() as cursor:
        cursor.execute(LEFT, [key])
        found = cursor.fetchone()
    return AttemptsPausedError(max(1, ceil(found[0])) if found else 1)


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
