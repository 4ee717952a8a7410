"""What must hold of the digests: nothing was changed past the events that vouch for it.

See `tenants/fast/seals.py`. Both are computed by Postgres, a part of the tickets at a time, and
only the digests are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenants.fast.seals import sha256
from workflows.models import WorkflowInstance
from workflows.running.events.resealed import RESEALED
from workflows.running.sealing import BEFORE, HISTORY

# Events by the one that vouches for them, in the order in which they were written.
_GROUPS = f"""
    WITH numbered AS (
        SELECT *, count(*) FILTER (WHERE digest <> '')
                      OVER (PARTITION BY {HISTORY.column} ORDER BY id) AS part
          FROM {HISTORY.table} WHERE {HISTORY.column} = ANY(%s)
    ), parts AS (
        SELECT {HISTORY.column} AS chain, part, min(id) AS first, min(at) AS at,
               (array_agg(kind ORDER BY id))[1] AS kind, max(digest) AS digest,
               (array_agg(seals ORDER BY id))[1] AS seals, count(*) AS events,
               jsonb_agg({HISTORY.contents()} ORDER BY id) AS contents
          FROM numbered GROUP BY 1, 2
    )
    SELECT chain, part, first, at, kind, events, seals, digest,
           {
    sha256('''jsonb_build_array(
               coalesce(lag(digest) OVER (PARTITION BY chain ORDER BY part), ''),
               seals, contents)''')
} AS computed
      FROM parts ORDER BY chain, part
"""  # noqa: S608 (names of our own)


@dataclass(slots=True)
class Vouched:
    """How far the history of one instance vouches for it.

    `since` is when it began to, None: it does not. `problems` are sentences.
    """

    since: datetime | None = None
    from_start: bool = True
    problems: list[str] = field(default_factory=list)


def vouched(instances: list[WorkflowInstance]) -> dict[int, Vouched]:
    """By the instances' ids; two queries for all of them, one more for each that was resealed."""
    ids = [each.pk for each in instances]
    found = {pk: Vouched() for pk in ids}
    seals: dict[int, dict[str, str]] = {pk: {} for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [ids])
        for chain, part, first, at, kind, events, written, digest, computed in cursor.fetchall():
            state, sealed = found[chain], json.loads(written or "{}")
            if part == 0 or not isinstance(sealed, dict):
                state.from_start = False
                continue
            state.since = state.since or at
            if kind == RESEALED:
                cursor.execute(BEFORE, [chain, first])
                if cursor.fetchone() == (sealed.get("before"),):
                    state.problems, seals[chain] = [], {}
            if digest != computed:
                state.problems.append(_changed(at))
            elif events != sealed.get("events"):
                state.problems.append(_other_events(at))
            seals[chain].update(sealed)
        cursor.execute(
            " UNION ALL ".join(
                table.rows_of(table.table, where=f"{table.chain} = ANY(%s)")
                for table in HISTORY.tables
            ),
            [ids] * len(HISTORY.tables),
        )
        stored: dict[int, dict[str, str]] = {pk: {} for pk in ids}
        for chain, name, seal in cursor.fetchall():
            stored[chain][name] = seal
    for pk, state in found.items():
        if state.since is not None:
            state.problems += _rows(seals[pk], stored[pk], is_whole=state.from_start)
    return found


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


def _other_events(at: datetime) -> str:
    return _("events after %(at)s were added or taken away") % {"at": _when(at)}


def _when(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
