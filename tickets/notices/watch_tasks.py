"""What no step tells, as nothing happens then: tasks that are due, and tasks that nobody has.

Looked for now and then. What is found is told once of each task (and due time, and person),
whenever and however often it is looked for. What is due of somebody who is away is told to who
stands in for them, too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from tenants.roles import SystemRole
from tickets.notices.kinds.due_soon import DUE_SOON
from tickets.notices.kinds.nobody_available import NOBODY_AVAILABLE
from tickets.notices.kinds.overdue import OVERDUE
from tickets.notices.tell import OF_THIS_COMPANY, has_role
from workflows.engine.task_types import FORM_TYPES
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.looking_back.keys_now import key_now_sql
from workflows.running.people.deputies import MOST_FOLLOWED

SOON: Final = timedelta(hours=24)
# Somebody may become available at once: then a task without a worker is no news.
WAITED: Final = timedelta(minutes=1)
# What lies further back was told before, or is no news: of an upgrade, say.
LONG_AGO: Final = timedelta(days=7)
# Notices of one look at one company, of each kind; the next look tells the rest.
MOST_AT_ONCE: Final = 1_000

_KEY_NOW: Final = key_now_sql(
    now="i.workflow_id", then="e.workflow_id", instance="i.id", key="e.key"
)
# Who stands in for whoever has the task, if they are away and their deputy may be given it: as
# `deputy_for_task`.
_DEPUTY: Final = f"""(
    WITH RECURSIVE deputies(id, is_away, next, step) AS (
        SELECT p.id, NOT p.is_available, p.deputy_id, 0 FROM public.tenants_user p
         WHERE p.id = k.assigned_to_id AND p.is_active AND NOT p.is_available
        UNION ALL
        SELECT u.id, NOT u.is_available, u.deputy_id, step + 1
          FROM deputies JOIN public.tenants_user u ON u.id = deputies.next
         WHERE deputies.is_away AND step < {MOST_FOLLOWED} AND {OF_THIS_COMPANY})
    SELECT u.id FROM deputies u
     WHERE NOT is_away AND {has_role(SystemRole.TASK_WORKER)}
       AND (d.candidate_role_id IS NULL OR jsonb_exists(d.assign_to, 'who') OR EXISTS (
            SELECT FROM workflows_companyrole_members m
             WHERE m.companyrole_id = d.candidate_role_id AND m.user_id = u.id))
       AND NOT (coalesce(d.assign_to @> '{{"never": ["requester"]}}', false)
                AND u.id = t.created_by_id)
       AND NOT (jsonb_exists(d.assign_to, 'never') IS TRUE AND EXISTS (
            SELECT FROM workflows_taskinstance o
              JOIN workflows_taskdefinition e ON e.id = o.definition_id
             WHERE o.workflow_instance_id = i.id AND o.status = 'COMPLETED'
               AND jsonb_exists(d.assign_to->'never', 'tasks.' || {_KEY_NOW})
               AND (o.assigned_to_id = u.id OR EXISTS (
                    SELECT FROM workflows_workflowevent v
                     WHERE v.task_instance_id = o.id AND v.kind = '{TASK_COMPLETED}'
                       AND v.actor_id = u.id)))))
"""  # noqa: S608  # nosec B608
_TASKS: Final = f"""
SELECT k.id, k.assigned_to_id, k.due_at, d.title, t.id AS ticket_id, {_DEPUTY} AS deputy_id
  FROM workflows_taskinstance k
  JOIN workflows_taskdefinition d ON d.id = k.definition_id
  JOIN workflows_workflowinstance i ON i.id = k.workflow_instance_id
  JOIN tickets_ticket t ON t.workflow_instance_id = i.id
 WHERE i.status = 'IN_PROGRESS' AND d.task_type = ANY(%(forms)s)
"""  # noqa: S608  # nosec B608
_UNFINISHED: Final = "k.status IN ('OPEN', 'IN_PROGRESS', 'PENDING', 'ERROR')"
_MISSING: Final = """
   AND NOT EXISTS (SELECT FROM tickets_notice n
                    WHERE n.recipient_id = u.id AND n.kind = %(kind)s AND n.key = {key})
"""
_KEY: Final = "k.id || ':' || extract(epoch FROM k.due_at)::bigint"
_STANDS_IN: Final = """
       CASE WHEN u.id = k.deputy_id THEN jsonb_build_object('stands_in', true)
            ELSE jsonb_build_object() END"""
_INSERT: Final = f"""
INSERT INTO tickets_notice
       (recipient_id, kind, ticket_id, actor_id, about, key, created_at, mail)
SELECT u.id, %(kind)s, k.ticket_id, NULL,
       jsonb_build_object('task', k.id, 'title', k.title, 'due', k.due_at) || {_STANDS_IN},
       {{key}}, %(now)s, 'WAITS'
  FROM ({{tasks}}) AS k
  JOIN public.tenants_user u ON {OF_THIS_COMPANY} AND {{who}} {_MISSING}
 ORDER BY k.due_at, k.id LIMIT {MOST_AT_ONCE}
    ON CONFLICT (recipient_id, kind, key) WHERE key <> '' DO NOTHING
"""  # noqa: S608  # nosec B608
_HAS_IT: Final = "u.id = ANY(ARRAY[k.assigned_to_id, k.deputy_id])"
_HAS_IT_OR_LOOKS_AFTER_IT: Final = f"""(
    {_HAS_IT}
    OR (k.assigned_to_id IS NULL AND {has_role(SystemRole.TICKET_ADMIN)}))"""


def _look(*, where: str, who: str, key: str) -> str:
    return _INSERT.format(tasks=f"{_TASKS} AND {where}", who=who, key=key)


_DUE_SOON: Final = _look(
    where=f"{_UNFINISHED} AND k.due_at >= %(now)s AND k.due_at < %(until)s"
    " AND k.due_at > k.created_at + %(soon)s",
    who=_HAS_IT,
    key=_KEY,
)
_OVERDUE: Final = _look(
    where=f"{_UNFINISHED} AND k.due_at < %(now)s AND k.due_at >= %(long_ago)s",
    who=_HAS_IT_OR_LOOKS_AFTER_IT,
    key=_KEY,
)
_NOBODY: Final = _look(
    where="k.status = 'PENDING' AND k.assigned_to_id IS NULL AND k.contact_id IS NULL"
    " AND coalesce(d.assign_to->>'mode', '') <> 'nobody'"
    " AND k.created_at < %(waited)s AND k.created_at >= %(long_ago)s",
    who=has_role(SystemRole.TICKET_ADMIN),
    key="k.id::text",
)


def tell_of_tasks(*, now: datetime) -> int:
    """Tell the people of the active company of what is due soon, overdue or given to nobody.

    Three statements, each over a partial index; safe to repeat, and beside itself. Returns how
    many notices were written. A task that had less than a day from the beginning is not said to be
    due soon: its worker was just told of it.
    """
    values: dict[str, Any] = {
        "now": now,
        "forms": [str(each) for each in FORM_TYPES],
        "until": now + SOON,
        "soon": SOON,
        "waited": now - WAITED,
        "long_ago": now - LONG_AGO,
    }
    told = 0
    with connection.cursor() as cursor:
        for kind, statement in (
            (DUE_SOON, _DUE_SOON),
            (OVERDUE, _OVERDUE),
            (NOBODY_AVAILABLE, _NOBODY),
        ):
            cursor.execute(statement, {**values, "kind": str(kind)})
            told += cursor.rowcount
    return told
