"""The rule of a ticket type, and the deletion of the tickets whose time is over.

A rule is that of a type in all its versions: the newest version that says something counts, so
that one which is imported later keeps to it.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.fair_turns import Queue
from tickets.models import BulkChange, FileUpload, Ticket
from workflows.models import TaskInstance, TicketDefinition

logger = logging.getLogger(__name__)

# Tickets of one transaction, and how many of a type go in one night at most.
AT_ONCE: Final = 100
MOST_A_NIGHT: Final = 20_000
# A shorter time would delete what people still look for.
LONGEST_DAYS: Final = 36_500
# How long it can be looked up what became of a change of many tickets.
BULK_CHANGES_DAYS: Final = 30

_DELETE_CONTACTS: Final = """
DELETE FROM workflows_contact c
 WHERE NOT EXISTS (SELECT FROM workflows_taskinstance k WHERE k.contact_id = c.id)
   AND NOT EXISTS (SELECT FROM workflows_contactlink l WHERE l.contact_id = c.id)
   AND NOT EXISTS (SELECT FROM tickets_ticket t WHERE t.contact_id = c.id)
"""

RULE_CHANGED: Final = declare(
    "tickets.keep_rule_changed", _("How long tickets are kept was changed")
)
TICKETS_DELETED: Final = declare(
    "tickets.deleted", _("Tickets were deleted, as their time was over")
)
AUDIT_FORGOTTEN: Final = declare(
    "company.audit_forgotten", _("Old lines of the audit log were deleted")
)


def keep_days_of(key: str) -> int:
    """How many days the tickets of a type are kept after they have ended; 0: for ever."""
    versions = TicketDefinition.objects.filter(key=key, keep_days__isnull=False)
    found = versions.order_by("-version").values_list("keep_days", flat=True).first()
    return found or 0


def set_keep_days(*, definition: TicketDefinition, days: int) -> None:
    """Say how long the tickets of a type, in all its versions, are kept. 0: for ever."""
    with transaction.atomic():
        versions = TicketDefinition.objects.filter(key=definition.key)
        list(versions.select_for_update().order_by("pk").values_list("pk"))
        before = keep_days_of(definition.key)
        versions.update(keep_days=days)
        if before != days:
            record(RULE_CHANGED, about=definition, changes={"keep_days": (before, days)})


def tickets_to_delete(*, key: str, days: int, now: datetime) -> QuerySet[Ticket]:
    """The tickets of a type that ended more than so many days ago."""
    if days <= 0:
        return Ticket.objects.none()
    ended = Ticket.objects.ended().filter(definition__key=key)
    return ended.filter(workflow_instance__completed_at__lt=now - timedelta(days=days))


def delete_old_tickets(*, now: datetime) -> int:
    """Delete what the rules of the active company say; returns how many tickets went.

    In small transactions. Safe to repeat, and beside itself: a ticket goes once.
    """
    keys = TicketDefinition.objects.filter(keep_days__gt=0).values_list("key", flat=True)
    total = sum(_delete_of_type(key, now) for key in sorted(set(keys)))
    if total:
        _forget_contacts()
    return total


def _delete_of_type(key: str, now: datetime) -> int:
    days, total = keep_days_of(key), 0
    while total < MOST_A_NIGHT:
        count = _delete_some(key, days, now)
        if not count:
            break
        total += count
    return total


def _delete_some(key: str, days: int, now: datetime) -> int:
    with transaction.atomic():
        due = tickets_to_delete(key=key, days=days, now=now).order_by("pk")
        locked = due.select_for_update(of=("self",), skip_locked=True)
        numbers = list(locked.values_list("pk", flat=True)[:AT_ONCE])
        if not numbers:
            return 0
        files = FileUpload.objects.filter(ticket__in=numbers)
        # The files first: should the process die here, the tickets are found again the next time.
        for name in list(files.values_list("file", flat=True)):
            default_storage.delete(name)
        counts = delete_tickets(numbers)
        record(TICKETS_DELETED, key=key, days=days, counts=counts)
    return int(counts["tickets"])


def delete_tickets(numbers: list[int]) -> dict[str, int]:
    """Delete tickets that have ended, with all that is theirs but their files in the storage.

    By a function of the database, the one that may delete their history. Returns how many rows
    of each kind went. What it costs does not grow with what stays.
    """
    tasks, contacts = _tasks_and_contacts(numbers)
    with connection.cursor() as cursor:
        # The branches of blocks: nobody guards them, and they go with their history or not at all.
        cursor.execute(
            "SELECT p.id FROM workflows_path p JOIN tickets_ticket t"
            " ON t.workflow_instance_id = p.workflow_instance_id WHERE t.id = ANY(%s)",
            [numbers],
        )
        paths = [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT public.ticketflower_delete_tickets(%s)::text", [numbers])
        counts: dict[str, int] = json.loads(cursor.fetchone()[0])
        if paths:
            cursor.execute(
                "DELETE FROM workflows_path p WHERE p.id = ANY(%s) AND NOT EXISTS ("
                "SELECT FROM workflows_workflowinstance i WHERE i.id = p.workflow_instance_id)",
                [paths],
            )
        # What they have started stays, and forgets by what: tickets of the same person, as a rule.
        cursor.execute(
            "UPDATE workflows_workflowinstance i SET started_by_id = NULL"
            " WHERE i.started_by_id = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM workflows_taskinstance t WHERE t.id = i.started_by_id)",
            [tasks],
        )
        cursor.execute(
            "DELETE FROM tickets_startrequest s WHERE s.ticket_id = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM tickets_ticket t WHERE t.id = s.ticket_id)",
            [numbers],
        )
        cursor.execute(
            "DELETE FROM tickets_assistantoffer o WHERE o.task_id = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM workflows_taskinstance k WHERE k.id = o.task_id)",
            [tasks],
        )
        # The links of people outside, and whoever of them no task names any more.
        cursor.execute(
            "DELETE FROM workflows_contactlink l WHERE l.task_id = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM workflows_taskinstance k WHERE k.id = l.task_id)",
            [tasks],
        )
        cursor.execute(f"{_DELETE_CONTACTS} AND c.id = ANY(%s)", [contacts])
        # Notices are no history: no function guards them. Those of tickets that stay, stay.
        cursor.execute(
            "DELETE FROM tickets_notice n WHERE n.ticket_id = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM tickets_ticket t WHERE t.id = n.ticket_id)",
            [numbers],
        )
        # Nor is what webhooks have told of them.
        cursor.execute(
            "DELETE FROM tickets_webhookdelivery d WHERE d.ticket_number = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM tickets_ticket t WHERE t.id = d.ticket_number)",
            [numbers],
        )
        counts["messages"] = _delete_what_was_said(numbers)
        cursor.execute(
            "DELETE FROM tickets_ticketlink WHERE ticket_id = ANY(%(ids)s) AND NOT EXISTS ("
            "SELECT FROM tickets_ticket t WHERE t.id = ticket_id)"
            " OR other_id = ANY(%(ids)s) AND NOT EXISTS ("
            "SELECT FROM tickets_ticket t WHERE t.id = other_id)",
            {"ids": numbers},
        )
        # What waits for them would look for them in vain.
        cursor.execute(
            "DELETE FROM public.procrastinate_jobs WHERE status = 'todo' AND queue_name = ANY(%s)"
            " AND coalesce(args->>'schema', '') = %s"  # by the index of the jobs of a company
            " AND (args ->> 'ticket_id')::bigint = ANY(%s)",
            [[each.value for each in Queue], current_schema(), numbers],
        )
    return counts


def _tasks_and_contacts(numbers: list[int]) -> tuple[list[int], list[int]]:
    """The ids of the tasks of tickets, and of the people outside whom these and they name."""
    of_tickets = TaskInstance.objects.filter(workflow_instance__ticket__in=numbers)
    with_contact = Ticket.objects.filter(pk__in=numbers, contact__isnull=False)
    contacts = {
        *of_tickets.filter(contact__isnull=False).values_list("contact", flat=True),
        *with_contact.values_list("contact", flat=True),
    }
    return list(of_tickets.values_list("pk", flat=True)), list(contacts)


def _forget_contacts() -> None:
    """Forget people outside whom nothing names any more: once a night, as it looks at all of them.

    An answer that was corrected leaves one behind.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DELETE_CONTACTS)


def _delete_what_was_said(numbers: list[int]) -> int:
    """Messages, followers and ratings of those that are gone; no history is among them."""
    with connection.cursor() as cursor:
        tables = (
            "tickets_searchentry",
            "tickets_rating",
            "tickets_follower",
            "tickets_message",
        )
        for table in tables:
            query = sql.SQL(
                "DELETE FROM {} WHERE ticket_id = ANY(%s)"
                " AND NOT EXISTS (SELECT FROM tickets_ticket t WHERE t.id = ticket_id)"
            )
            cursor.execute(query.format(sql.Identifier(table)), [numbers])
        return int(cursor.rowcount)


def forget_old_audit_events(*, now: datetime) -> int:
    """Delete lines of the audit log older than AUDIT_KEEP_DAYS; 0 keeps them for ever.

    The database keeps those of the last year in any case.
    """
    if not settings.AUDIT_KEEP_DAYS:
        return 0
    before, total = now - timedelta(days=settings.AUDIT_KEEP_DAYS), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT public.ticketflower_forget_audit(%s, 1000)", [before])
            count = int(cursor.fetchone()[0])
        total += count
        if not count:
            break
    if total:
        record(AUDIT_FORGOTTEN, count=total, before=before)
    return total


def forget_bulk_changes(*, now: datetime) -> int:
    """Delete the changes of many tickets that were finished so long ago; returns how many.

    What they did stands in the history of each ticket. One that has not finished stays.
    """
    finished = BulkChange.objects.filter(done__gte=F("total"))
    old = finished.filter(updated_at__lt=now - timedelta(days=BULK_CHANGES_DAYS))
    count, _models = old.delete()
    return count
