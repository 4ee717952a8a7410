"""The priority of a ticket, as a person changes it: a worker who has it, or a ticket admin."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.models import Ticket
from tickets.prioritizing.errors import MayNotPrioritizeError
from tickets.taking_part.access import access_to
from workflows.errors import NothingChangedError
from workflows.models import TaskInstance
from workflows.priorities import Priority
from workflows.running.workflow_repair import WorkflowRepair

PRIORITIZED = declare("tickets.prioritized", _("Changed the priority of a ticket"))


def set_priority(
    *, ticket: Ticket, to: Priority, by: User, reason: str = "", now: datetime | None = None
) -> None:
    """Give a ticket another priority; its history says who did it.

    That a ticket admin did it stands in the audit log, too.

    Raises:
        MayNotPrioritizeError: the person has no open task of it, and is no ticket admin.
        NothingChangedError: it has this priority.
        WorkflowEndedError: it has ended.
    """
    with transaction.atomic():
        locked = lock_ticket(ticket.pk)
        is_admin = access_to(locked, by).may_hide
        if not is_admin and not has_open_task(locked, by):
            raise MayNotPrioritizeError
        manager = lock_instance_of(locked, WorkflowRepair, now=now or timezone.now(), actor=by)
        manager.ensure_not_ended()
        old = locked.priority_level
        if old is to:
            raise NothingChangedError
        locked.priority = to.stored
        manager.update_with_next_write(locked, "priority", "updated_at")
        manager.record_priority(old=old, new=to, reason=reason.replace("\x00", "").strip())
        if is_admin:
            changes = {"priority": (old.value, to.value)}
            record(PRIORITIZED, about=locked, changes=changes, person=by)


def has_open_task(ticket: Ticket, user: User) -> bool:
    """Whether somebody has a task of the ticket that is not finished."""
    tasks = TaskInstance.objects.unfinished().filter(assigned_to=user)
    return tasks.filter(workflow_instance=ticket.workflow_instance_id).exists()
