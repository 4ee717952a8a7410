"""What must hold of every history: replaying it gives what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models import F
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from tickets.health.coverage import Coverage
from tickets.health.finding import Finding, finding
from tickets.health.sealed import vouched
from tickets.health.snapshot import consistent_snapshot
from workflows.errors import HistoryError
from workflows.models import WorkflowInstance
from workflows.running.events.state import State
from workflows.running.history import replay_all, stored_states
from workflows.running.sealing import HISTORY

# How many instances are compared at a time, and bytes of what they and their events hold, as JSON.
# One that holds more is compared alone.
INSTANCES = 200
BYTES: Final = 8_000_000
_SIZE: Final = f"""
    octet_length(i.data::text) + coalesce(
        (SELECT sum(octet_length(e.data::text)) FROM {HISTORY.table} e
          WHERE e.{HISTORY.column} = i.id), 0)
"""  # noqa: S608  # nosec B608
# One after the other, so that no more is measured than is compared.
_NEXT: Final = f"""
    WITH RECURSIVE placed (id, bytes, number) AS (
        (SELECT i.id, {_SIZE}, 1 FROM {WorkflowInstance._meta.db_table} i
          WHERE i.id > %s ORDER BY i.id LIMIT 1)
        UNION ALL
        SELECT following.id, placed.bytes + following.bytes, placed.number + 1
          FROM placed CROSS JOIN LATERAL (
            SELECT i.id, {_SIZE} AS bytes FROM {WorkflowInstance._meta.db_table} i
             WHERE i.id > placed.id ORDER BY i.id LIMIT 1
          ) AS following
         WHERE placed.number < %s AND placed.bytes < %s
    )
    SELECT id FROM placed
"""  # noqa: S608  # nosec B608
# What of a value is shown.
LONGEST = 80


def history_findings(
    *, after: int, coverage: Coverage | None = None
) -> tuple[list[Finding], int | None]:
    """Compare the next instances; returns what was found, and where to go on (None: the end).

    `after` is the id of the last one that was looked at, 0 to begin with; `coverage` counts on.
    Seven queries, and an eighth where a history was sealed anew, of one snapshot: the next call
    takes another one, so that none is held for long.
    """
    with consistent_snapshot(reads_whole_tables=False):
        instances = _next_instances(after)
        found = list(_compare(instances, coverage or Coverage()))
    return found, instances[-1].pk if instances else None


def _next_instances(after: int) -> list[WorkflowInstance]:
    """With what is compared of them only: a version may be as large as all of its tickets.

    Of the ticket its `number` alone: an object of it would hold the instance that holds it, and
    such circles stay in memory for many parts more.
    """
    columns = ("status", "started_at", "current_task", "end_label", "outcome", "data")
    return list(
        WorkflowInstance.objects.filter(
            pk__in=RawSQL(_NEXT, (after, INSTANCES, BYTES))  # noqa: S611  # nosec B611
        )
        .select_related("workflow")
        .only(*columns, "workflow__version")
        .annotate(number=F("ticket__id"))
        .order_by("pk")
    )


def _compare(instances: list[WorkflowInstance], coverage: Coverage) -> Iterator[Finding]:
    if not instances:
        return
    replayed = replay_all(instances)
    stored = stored_states(instances)
    sealed = vouched(instances)
    for instance in instances:
        number: int | None = instance.number  # type: ignore[attr-defined]
        coverage.count(number, sealed[instance.pk])
        state = replayed[instance.pk]
        if isinstance(state, HistoryError):
            message = _(
                "Its history is not whole, so that nobody can say how it came to be where it is. "
                "Somebody changed the database by hand, or this is a fault of TicketFlower."
            )
            yield finding(number, message)
        elif state != stored[instance.pk]:
            message = _(
                "Its history does not lead to what is stored (%(differences)s). Somebody changed "
                "the database by hand, or this is a fault of TicketFlower: check the ticket, and "
                "correct or cancel it."
            )
            differences = "; ".join(_differences(state, stored[instance.pk]))
            yield finding(number, message % {"differences": differences})
        if sealed[instance.pk].problems:
            message = _(
                "Something was changed past its history (%(problems)s). Somebody changed the "
                "database by hand, or this is a fault of TicketFlower: look into a backup what was "
                "there before, and correct or cancel the ticket."
            )
            problems = "; ".join(sealed[instance.pk].problems)
            yield finding(number, message % {"problems": problems})


def _differences(replayed: State, stored: State) -> Iterator[str]:
    """Each as a few words: what the history says, and what is stored."""
    for name, before, after in _values(replayed, stored):
        if before != after:
            yield _("%(name)s: %(replayed)s in the history, %(stored)s stored") % {
                "name": name,
                "replayed": _short(before),
                "stored": _short(after),
            }


def _values(replayed: State, stored: State) -> Iterator[tuple[str, object, object]]:
    yield _("status"), replayed.status, stored.status
    yield _("version"), replayed.version, stored.version
    yield _("current task"), replayed.current_task, stored.current_task
    yield _("what the end means"), replayed.outcome, stored.outcome
    yield _("outcome"), replayed.end_label, stored.end_label
    for key in sorted({*replayed.data, *stored.data}):
        yield _("output of %(task)s") % {"task": key}, replayed.data.get(key), stored.data.get(key)
    for pk in sorted({*replayed.tasks, *stored.tasks}):
        one, other = replayed.tasks.get(pk), stored.tasks.get(pk)
        name = _("task %(task)s") % {"task": pk}
        if one is None or other is None:
            yield name, one and one.key, other and other.key
            continue
        yield name, one.key, other.key
        yield _("status of task %(task)s") % {"task": pk}, one.status, other.status
        yield _("worker of task %(task)s") % {"task": pk}, one.assigned_to, other.assigned_to


def _short(value: object) -> str:
    text = _("nothing") if value is None or value == "" else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
