"""What the audit log says of a person who is erased."""

from __future__ import annotations

import json
from itertools import batched
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from tickets.erasing.erased_person import Erased, ErasedPerson
from tickets.erasing.rows import ROWS, like, select
from workflows.fields.answers.people import ERASED


def blank_audit(erased: Erased) -> None:
    """Their own lines, those about them, and where else the details have name or address."""
    query = sql.SQL(
        "SELECT row_to_json(t)::text FROM audit_auditevent t WHERE (actor_id = %s"
        " OR (subject_type = 'tenants.user' AND subject_id = %s)"
        " OR concat(actor_name, subject_name, data::text) ILIKE ANY(%s))"
    )
    number = _number(erased)
    values = [number, str(number), [like(each) for each in erased.names]]
    for rows in batched(select(query, values), ROWS):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT public.ticketflower_blank_audit(%s, %s::text[], %s::text[], %s::jsonb[])",
                [
                    [row["id"] for row in rows],
                    [_actor(erased, row) for row in rows],
                    [_subject(erased, row) for row in rows],
                    [json.dumps(_details(erased, row)) for row in rows],
                ],
            )


def _number(erased: Erased) -> int:
    """That of a person; 0, which none has, where somebody else is erased."""
    return erased.person.pk if isinstance(erased, ErasedPerson) else 0


def _actor(erased: Erased, row: dict[str, Any]) -> str:
    is_theirs = row["actor_id"] == _number(erased) and row["actor_kind"] == "person"
    if is_theirs and isinstance(erased, ErasedPerson):
        return erased.name
    return str(erased.blanked(row["actor_name"]))


def _is_about(erased: Erased, row: dict[str, Any]) -> bool:
    number = str(_number(erased))
    return bool(row["subject_type"] == "tenants.user" and row["subject_id"] == number)


def _subject(erased: Erased, row: dict[str, Any]) -> str:
    if isinstance(erased, ErasedPerson) and _is_about(erased, row):
        return erased.name
    return str(erased.blanked(row["subject_name"]))


def _details(erased: Erased, row: dict[str, Any]) -> Any:
    data = erased.blanked(row["data"])
    changes = data.get("changes") if isinstance(data, dict) else None
    if _is_about(erased, row) and isinstance(changes, dict):
        for name in ("email", "first_name", "last_name"):
            if name in changes:
                changes[name] = [ERASED, ERASED]
    return data
