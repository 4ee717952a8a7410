"""What the audit log says of a person who is erased."""

from __future__ import annotations

import json
from itertools import batched
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from tickets.erasing.erased_person import ErasedPerson
from tickets.erasing.rows import ROWS, like, select
from workflows.fields.answers.people import ERASED


def blank_audit(erased: ErasedPerson) -> None:
    """Their own lines, those about them, and where else the details have name or address."""
    query = sql.SQL(
        "SELECT row_to_json(t)::text FROM audit_auditevent t WHERE (actor_id = %s"
        " OR (subject_type = 'tenants.user' AND subject_id = %s)"
        " OR concat(actor_name, subject_name, data::text) ILIKE ANY(%s))"
    )
    values = [erased.person.pk, str(erased.person.pk), [like(each) for each in erased.names]]
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


def _actor(erased: ErasedPerson, row: dict[str, Any]) -> str:
    is_theirs = row["actor_id"] == erased.person.pk and row["actor_kind"] == "person"
    return erased.name if is_theirs else str(erased.blanked(row["actor_name"]))


def _is_about(erased: ErasedPerson, row: dict[str, Any]) -> bool:
    return bool(
        row["subject_type"] == "tenants.user" and row["subject_id"] == str(erased.person.pk)
    )


def _subject(erased: ErasedPerson, row: dict[str, Any]) -> str:
    return erased.name if _is_about(erased, row) else str(erased.blanked(row["subject_name"]))


def _details(erased: ErasedPerson, row: dict[str, Any]) -> Any:
    data = erased.blanked(row["data"])
    changes = data.get("changes") if isinstance(data, dict) else None
    if _is_about(erased, row) and isinstance(changes, dict):
        for name in ("email", "first_name", "last_name"):
            if name in changes:
                changes[name] = [ERASED, ERASED]
    return data
