"""Telling people something, in the transaction of what causes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tickets.notices.kinds.kind import NoticeKind
from workflows.engine.process import JsonObject
from workflows.models.composed_json import ComposedJson

# SQL about a person `u` of `public.tenants_user`.
OF_THIS_COMPANY: Final = """
    u.is_active AND u.company_id = (
        SELECT c.id FROM public.tenants_company c WHERE c.schema_name = current_schema())
"""


def has_role(role: SystemRole) -> str:
    """SQL: whether the person has a system role."""
    return f"""EXISTS (
        SELECT FROM public.tenants_user_groups m JOIN public.auth_group g ON g.id = m.group_id
         WHERE m.user_id = u.id AND g.name = '{role.value}')"""  # nosec B608


# Each is a way in which a person may see the ticket %(ticket)s. A subject above that knows another
# one (followers, say) adds it while it starts.
WAYS_TO_SEE: Final = [
    "EXISTS (SELECT FROM tickets_ticket t WHERE t.id = %(ticket)s AND t.created_by_id = u.id)",
    """EXISTS (
        SELECT FROM tickets_ticket t
          JOIN workflows_taskinstance k ON k.workflow_instance_id = t.workflow_instance_id
         WHERE t.id = %(ticket)s AND k.assigned_to_id = u.id)""",
    has_role(SystemRole.TICKET_ADMIN),
]
_TELL: Final = f"""
INSERT INTO tickets_notice
       (recipient_id, kind, ticket_id, actor_id, about, key, created_at, mail)
SELECT u.id, %(kind)s, %(ticket)s, %(by)s, %(about)s::jsonb, %(key)s, %(now)s, 'WAITS'
  FROM public.tenants_user u
 WHERE {OF_THIS_COMPANY} AND u.id IS DISTINCT FROM %(by)s::bigint
"""  # noqa: S608  # nosec B608
_ONCE: Final = " ON CONFLICT (recipient_id, kind, key) WHERE key <> '' DO NOTHING"
_TELL_EACH: Final = f"""
INSERT INTO tickets_notice
       (recipient_id, kind, ticket_id, actor_id, about, key, created_at, mail)
SELECT u.id, %(kind)s, %(ticket)s, r.actor, r.about, r.key, %(now)s, 'WAITS'
  FROM ROWS FROM (jsonb_to_recordset(%(told)s::jsonb)
       AS (recipient bigint, actor bigint, about jsonb, key text)) WITH ORDINALITY
       AS r(recipient, actor, about, key, place)
  JOIN public.tenants_user u ON u.id = r.recipient
 WHERE {OF_THIS_COMPANY} AND u.id IS DISTINCT FROM r.actor
"""  # noqa: S608  # nosec B608


@dataclass(frozen=True, slots=True)
class Told:
    """One of many notices: the ids of whom it is for and of who did it; the rest as in `tell`."""

    recipient: int
    actor: int | None
    about: JsonObject = field(default_factory=dict)
    key: str = ""


def tell(
    kind: NoticeKind,
    recipients: Iterable[User | int],
    *,
    ticket_id: int | None,
    about: JsonObject | None = None,
    by: User | None = None,
    key: str = "",
    sees_anyway: bool = False,
) -> int:
    """Tell people something, as part of the transaction; returns how many get a notice.

    Of the `recipients` (people or their ids) those are left out who are not active, belong to
    another company or may not see the ticket, and whoever did it: `by` (None: the system).
    `about` is what the kind's sentences need (its module says what); names of people and texts
    that people wrote do not belong there. Of one `key` a person is told once, whenever it is told
    again. One statement, however many they are; none where there is nobody. `sees_anyway`: a
    definition names who is told, so that those are told, too, who may not open the ticket.
    """
    ids = sorted({each if isinstance(each, int) else each.pk for each in recipients})
    if not ids:
        return 0
    who = " AND u.id = ANY(%(ids)s)"
    return _send(who, kind, ticket_id, about, by, key, ids=ids, sees_anyway=sees_anyway)


def tell_role(
    kind: NoticeKind,
    role: SystemRole,
    *,
    ticket_id: int | None,
    about: JsonObject | None = None,
    by: User | None = None,
    key: str = "",
) -> int:
    """As `tell`, to everybody of the company who has a system role."""
    return _send(f" AND {has_role(role)}", kind, ticket_id, about, by, key)


def tell_each(kind: NoticeKind, told: Iterable[Told], *, ticket_id: int | None = None) -> int:
    """As `tell`, of something else each: one statement, however many they are."""
    rows = [asdict(each) for each in told]
    if not rows:
        return 0
    values: dict[str, Any] = {
        "kind": str(kind),
        "ticket": ticket_id,
        "told": json.dumps(rows, cls=ComposedJson),
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{_TELL_EACH}{_seen(ticket_id)} ORDER BY r.place {_ONCE}", values)
        return int(cursor.rowcount)


def sees_ticket(person: User, ticket_id: int) -> bool:
    """Whether somebody sees a ticket in one of WAYS_TO_SEE. One statement."""
    asked = (
        f"SELECT FROM public.tenants_user u WHERE u.id = %(person)s AND {OF_THIS_COMPANY}"  # nosec B608
        f" AND ({' OR '.join(WAYS_TO_SEE)})"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked, {"person": person.pk, "ticket": ticket_id})
        return cursor.fetchone() is not None


def _seen(ticket_id: int | None) -> str:
    """SQL: that the person may see the ticket, if it is about one."""
    return "" if ticket_id is None else f" AND ({' OR '.join(WAYS_TO_SEE)})"


def as_json(about: JsonObject | None) -> str:
    return json.dumps(about or {}, cls=ComposedJson)


def _send(
    who: str,
    kind: NoticeKind,
    ticket_id: int | None,
    about: JsonObject | None,
    by: User | None,
    key: str,
    *,
    ids: list[int] | None = None,
    sees_anyway: bool = False,
) -> int:
    seen = "" if sees_anyway else _seen(ticket_id)
    values = {
        "kind": str(kind),
        "ticket": ticket_id,
        "by": None if by is None else by.pk,
        "about": as_json(about),
        "key": key,
        "now": timezone.now(),
        "ids": ids,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{_TELL}{who}{seen}{_ONCE if key else ''}", values)
        return int(cursor.rowcount)
