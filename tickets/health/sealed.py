"""What must hold of the digests: nothing was changed past the events that vouch for it.

See `tenants/fast/seals.py`. Both are computed by Postgres, a part of the tickets at a time, and
only the digests are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflows.models import ActionAttempt, WorkflowInstance
from workflows.running.events.of_calls.called import CALLED
from workflows.running.events.of_repairs.resealed import RESEALED
from workflows.running.sealing import HISTORY, OF_EVENTS, seals_since

# How long a process of the version before may have gone on beside the new tables.
OLD_CODE = timedelta(days=1)
# Events by the one that vouches for them, in the order in which they were written. Beyond those
# that it counts come what others have written without a digest.
_GROUPS = f"""
    WITH numbered AS (
        SELECT *, count(*) FILTER (WHERE digest <> '')
                      OVER (PARTITION BY {HISTORY.column} ORDER BY id) AS part
          FROM {HISTORY.table} WHERE {HISTORY.column} = ANY(%s)
    ), placed AS (
        SELECT *, row_number() OVER of_part AS place,
               first_value(CASE WHEN jsonb_typeof(seals -> 'events') = 'number'
                                THEN (seals ->> 'events')::numeric ELSE 0 END) OVER of_part AS own
          FROM numbered WINDOW of_part AS (PARTITION BY {HISTORY.column}, part ORDER BY id)
    ), parts AS (
        SELECT {HISTORY.column} AS chain, part, min(id) AS first, min(at) AS at,
               (array_agg(kind ORDER BY id))[1] AS kind, max(digest) AS digest,
               (array_agg(seals ORDER BY id))[1] AS seals,
               max(at) FILTER (WHERE place > own) AS others,
               string_agg({HISTORY.contents()}, '' ORDER BY id) FILTER (WHERE place <= own)
                   AS contents
          FROM placed GROUP BY 1, 2
    )
    SELECT chain, part, first, at, kind, others, seals, digest,
           {
    HISTORY.digest(
        before="coalesce(lag(digest) OVER (PARTITION BY chain ORDER BY part), '')",
        seals="seals",
        contents="contents",
    )
} AS computed
      FROM parts ORDER BY chain, part
"""  # noqa: S608  # nosec B608
# Of events that seal a history anew, the digest of all that came before.
_BEFORE = f"""
    SELECT resealed.first, (SELECT {OF_EVENTS} FROM {HISTORY.table}
                             WHERE {HISTORY.column} = resealed.chain AND id < resealed.first)
      FROM unnest(%s::bigint[], %s::bigint[]) AS resealed (chain, first)
"""  # noqa: S608  # nosec B608
# Of calls that the history tells of, those whose attempt is gone.
_ATTEMPTS = f"""
    SELECT e.{HISTORY.column}, e.data ->> 'attempt' FROM {HISTORY.table} e
     WHERE e.{HISTORY.column} = ANY(%s) AND e.kind = %s AND e.at > %s
       AND NOT EXISTS (SELECT FROM {ActionAttempt._meta.db_table} a
                        WHERE a.task_id = e.task_instance_id
                          AND a.number::text = e.data ->> 'attempt')
     ORDER BY e.id
"""  # noqa: S608  # nosec B608


@dataclass(slots=True)
class Vouched:
    """How far the history of one instance vouches for it.

    `since` is when it began to, None: it does not. `resealed_at`: when it was sealed anew, so that
    what was changed before can no longer be told. `problems` are sentences.
    """

    since: datetime | None = None
    resealed_at: datetime | None = None
    is_whole: bool = True  # every row was written under a digest
    seals: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Group:
    """A row of _GROUPS. `others` is when the last event beyond those that it counts was."""

    chain: int
    part: int
    first: int
    at: datetime
    kind: str
    others: datetime | None
    seals: str | None
    digest: str
    computed: str


def vouched(instances: list[WorkflowInstance]) -> dict[int, Vouched]:
    """By the instances' ids; four queries for all of them, and a fifth where any was resealed.

    Events without a digest are of before there were any, or of a process of the version before,
    which may have gone on for a day after the tables were changed. Later ones are tampering.
    """
    ids = [each.pk for each in instances]
    found = {pk: Vouched() for pk in ids}
    began = seals_since()
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [ids])
        groups = [_Group(*row) for row in cursor.fetchall()]
        before = _digests_before([each for each in groups if each.kind == RESEALED])
        for group in groups:
            _take(found[group.chain], group, began, before)
        cursor.execute(
            " UNION ALL ".join(
                table.rows_of(where=f"{table.chain} = ANY(%s)") for table in HISTORY.tables
            ),
            [ids] * len(HISTORY.tables),
        )
        stored: dict[int, dict[str, str]] = {pk: {} for pk in ids}
        for chain, name, seal in cursor.fetchall():
            stored[chain][name] = seal
        for pk, state in found.items():
            if state.since is not None:
                state.problems += _rows(state.seals, stored[pk], is_whole=state.is_whole)
        if began is not None:
            cursor.execute(_ATTEMPTS, [ids, str(CALLED), began])
            for chain, number in cursor.fetchall():
                found[chain].problems.append(_("attempt %(number)s is gone") % {"number": number})
    return found


def _take(state: Vouched, group: _Group, began: datetime | None, before: Mapping[int, str]) -> None:
    """Go on from what the events before have vouched for."""
    sealed = json.loads(group.seals or "{}")
    others = group.others
    is_late = others is not None and began is not None and others > began + OLD_CODE
    if group.part == 0 or not isinstance(sealed, dict):
        state.is_whole = False
        if is_late and others is not None:
            state.problems.append(_without_digest(others))
        return
    state.since = state.since or group.at
    if group.kind == RESEALED:
        state.resealed_at = group.at
        if before[group.first] == sealed.get("before"):
            state.problems, state.seals, state.is_whole = [], {}, True
        else:
            state.problems.append(_changed(group.at))
    if group.digest != group.computed:
        state.problems.append(_changed(group.at))
    state.seals.update(sealed)
    if others is not None and is_late:
        state.problems.append(_without_digest(others))
    elif others is not None:  # what it changed is not sealed
        state.seals, state.is_whole = {}, False


def _digests_before(resealed: list[_Group]) -> dict[int, str]:
    """By the ids of the events that seal anew; one query, none where there are none."""
    if not resealed:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _BEFORE, [[each.chain for each in resealed], [each.first for each in resealed]]
        )
        return dict(cursor.fetchall())


def _rows(seals: Mapping[str, str], stored: Mapping[str, str], *, is_whole: bool) -> Iterator[str]:
    for name, seal in seals.items():
        if ":" not in name:
            continue
        if name not in stored:
            yield _("%(row)s is gone, or belongs to another ticket") % {"row": name}
        elif stored[name] != seal:
            yield _("%(row)s was changed") % {"row": name}
    if is_whole:
        for name in sorted(stored.keys() - seals.keys()):
            yield _("%(row)s was added") % {"row": name}


def _changed(at: datetime) -> str:
    return _("the events of %(at)s, or those before them, were changed") % {"at": _when(at)}


def _without_digest(at: datetime) -> str:
    return _("events until %(at)s have no digest: they were added, or it was taken away") % {
        "at": _when(at)
    }


def _when(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
