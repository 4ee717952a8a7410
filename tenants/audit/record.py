"""Writing an event of the audit log: one statement, in the transaction of what it is about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Model
from psycopg import sql
from psycopg.types.json import Jsonb

from tenants.audit.acting import Actor, current_actor
from tenants.audit.kinds import AuditKind
from tenants.connection import PUBLIC, current_schema
from tenants.migrating.versions import is_up_to_date
from tenants.models import Company, User

# In characters: of one text that somebody typed, and of all details of an event as JSON.
LONGEST_TEXT: Final = 500
LONGEST_DETAILS: Final = 20_000

type Changes = Mapping[str, tuple[object, object]]

_INSERT: Final = sql.SQL(
    "INSERT INTO {} (kind, actor_kind, actor_id, actor_name, sender,"
    " subject_type, subject_id, subject_name, data)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is to be added: see `record`."""

    kind: AuditKind
    about: Model | None = None
    changes: Changes | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def record(
    kind: AuditKind,
    *,
    about: Model | None = None,
    changes: Changes | None = None,
    company: Company | None = None,
    by: Actor | None = None,
    person: User | None = None,
    **details: Any,
) -> None:
    """Add an event to the audit log of a company, or in `public` to that of the installation.

    `about` is the row that it is about; `changes` says of each field that changed its old and its
    new value; `details` are more values that Django knows how to write as JSON. `company` is whose
    log it belongs to (None: that of the schema in which the connection works). `by` is who acted
    (None: who acts in this request, or where a job does it the `person` who asked for it). What is
    too long is cut.

    A company that is being upgraded may not have the log yet. Nobody can do anything in it then,
    and that they tried is not recorded.
    """
    if company is not None and not is_up_to_date(company):
        return
    schema = current_schema() if company is None else company.schema_name
    _write(schema, [Entry(kind, about, changes, details)], by or current_actor(person))


def record_all(
    entries: Iterable[Entry], *, company: Company | None = None, person: User | None = None
) -> None:
    """Add many events to a log in one go: as `record` does."""
    if company is not None and not is_up_to_date(company):
        return
    schema = current_schema() if company is None else company.schema_name
    _write(schema, list(entries), current_actor(person))


def record_in_installation(
    kind: AuditKind,
    *,
    about: Model | None = None,
    changes: Changes | None = None,
    by: Actor | None = None,
    **details: Any,
) -> None:
    """Add an event to the installation's log, in whatever schema the connection works."""
    _write(PUBLIC, [Entry(kind, about, changes, details)], by or current_actor())


def record_of_person(
    kind: AuditKind,
    *,
    about: User,
    changes: Changes | None = None,
    by: Actor | None = None,
    **details: Any,
) -> None:
    """Add an event about a person to the log of their company; of a superuser to the
    installation's."""
    if about.company is None:
        record_in_installation(kind, about=about, changes=changes, by=by, **details)
    else:
        record(kind, about=about, changes=changes, company=about.company, by=by, **details)


def changed(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, each with its old and its new value."""
    names = dict.fromkeys((*old, *new))
    return {
        name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    }


def _write(schema: str, entries: Sequence[Entry], actor: Actor) -> None:
    if not entries:
        return
    statement = _INSERT.format(sql.Identifier(schema, "audit_auditevent"))
    rows = [_values(each, actor) for each in entries]
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(statement, rows[0])
        else:
            cursor.executemany(statement, rows)


def _values(entry: Entry, actor: Actor) -> tuple[Any, ...]:
    data = dict(entry.details)
    if entry.changes is not None:
        data["changes"] = {name: list(values) for name, values in entry.changes.items()}
    if actor.through is not None:
        data["through"] = actor.through.as_kept()
    about = entry.about
    return (
        entry.kind.name,
        actor.kind.value,
        actor.id,
        _short(actor.name),
        _short(actor.sender)[:64],
        about._meta.label_lower if about is not None else "",
        str(about.pk or "")[:64] if about is not None else "",
        _short(str(about)) if about is not None else "",
        Jsonb(_storable(data)),
    )


def _storable(data: Mapping[str, object]) -> Any:
    """What Postgres takes as jsonb, and no more than LONGEST_DETAILS of it."""
    value = _with_short_texts(json.loads(json.dumps(data, cls=DjangoJSONEncoder)))
    if len(json.dumps(value)) <= LONGEST_DETAILS:
        return value
    return {"too_long": True, "names": sorted(_short(name) for name in value)[:100]}


def _with_short_texts(value: Any) -> Any:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, list):
        return [_with_short_texts(each) for each in value]
    if isinstance(value, dict):
        return {_short(name): _with_short_texts(each) for name, each in value.items()}
    return value


def _short(text: str) -> str:
    """Without what no Postgres text can hold."""
    plain = text.replace("\0", "").encode("utf-8", "replace").decode()
    return plain if len(plain) <= LONGEST_TEXT else f"{plain[: LONGEST_TEXT - 1]}…"
