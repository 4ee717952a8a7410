"""What every repair of a ticket begins with: who, why, on what state, under which locks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit.kinds import AuditKind
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.models import User
from tickets.advancing.failed_step import UNREACHABLE, reason_of
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.errors import ReasonMissingError
from tickets.models import Ticket, TicketError
from tickets.models.ticket_error import TicketErrorQuerySet
from tickets.repairing.errors import ChangedMeanwhileError, MayNotRepairError, RepairFailedError
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.workflow_repair import WorkflowRepair

logger = logging.getLogger(__name__)


@contextmanager
def repair_transaction() -> Iterator[None]:
    """The transaction of a repair: what fails in it is shown to the ticket admin.

    They repair what the database (or the program) has refused, which may not be mended yet.

    Raises:
        RepairFailedError: it failed in a way that nobody has foreseen; nothing was changed.
    """
    try:
        with transaction.atomic():
            yield
    except (TicketFlowerError, ObjectDoesNotExist, *UNREACHABLE):
        raise
    except Exception as error:
        logger.exception("A repair in %s failed", current_schema())
        raise RepairFailedError(reason_of(error)) from error


@dataclass(frozen=True, slots=True)
class Repair:
    """A ticket and its workflow instance, both locked, in the hands of a ticket admin."""

    ticket: Ticket
    manager: WorkflowRepair
    by: User
    reason: str

    def resolve(self, errors: TicketErrorQuerySet, *, how: str) -> None:
        """Close those of the errors that are open. `how` is a sentence for the notes."""
        errors.resolve_all(how=f"{how} {self.reason}")

    def resolve_errors_of(self, task: TaskInstance, *, how: str) -> None:
        """Close the task's errors."""
        self.resolve(TicketError.objects.filter(ticket=self.ticket, task=task), how=how)


def begin_repair(
    kind: AuditKind,
    *,
    ticket_id: int,
    by: User,
    reason: str,
    expected: str | None,
    now: datetime | None,
    task: TaskInstance | None = None,
) -> Repair:
    """Check the person, the reason and what they saw, and lock, in a `repair_transaction`.

    That it is done stands in the audit log as an event of `kind`; what it changes, in the ticket's
    history.

    A ticket whose workflow could not be made is given an instance that has not started, so
    that the repair has a history to stand in.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError
    """
    reason = check_repair(by=by, reason=reason)
    ticket = lock_ticket(ticket_id)
    if expected is not None and _of_people(expected) != _of_people(marker_of(ticket)):
        raise ChangedMeanwhileError
    details: dict[str, Any] = {} if task is None else {"task": str(task)}
    record(kind, about=ticket, person=by, reason=reason, **details)
    return _repair_of(ticket, by=by, reason=reason, now=now or timezone.now())


def lock_for_repair(ticket_id: int, *, by: User, now: datetime) -> Repair:
    """The locks alone, without a reason, for whoever has checked the person."""
    return _repair_of(lock_ticket(ticket_id), by=by, reason="", now=now)


def _repair_of(ticket: Ticket, *, by: User, reason: str, now: datetime) -> Repair:
    manager = lock_instance_of(ticket, WorkflowRepair, now=now, actor=by)
    return Repair(ticket=ticket, manager=manager, by=by, reason=reason)


def check_repair(*, by: User, reason: str) -> str:
    """The reason without the blanks around it.

    Raises:
        MayNotRepairError: the person is no ticket admin of the company that is worked in.
        ReasonMissingError: there is no reason.
    """
    if not may_repair(by):
        raise MayNotRepairError
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise ReasonMissingError
    return reason


def may_repair(user: User) -> bool:
    """Whether somebody may repair tickets here: a ticket admin, or a superuser who came in."""
    company = user.company
    belongs = user.is_superuser or (
        company is not None and company.is_active and company.schema_name == current_schema()
    )
    return belongs and user.is_active and user.has_perm("tickets.change_ticket")


def marker_of(ticket: Ticket) -> str:
    """What a page that shows the ticket was made of; any change of it makes another marker.

    Pages send it back as `expected`: the number of the last event, by which they tell what has
    happened since, and that of the last which a person has caused. Only what people have done
    counts against a repair: a call that is tried again and again can be cancelled at any moment.
    What the repair itself needs, such as an error to try again, it asks for under its locks.
    """
    events = WorkflowEvent.objects.filter(workflow_instance_id=ticket.workflow_instance_id)
    numbers = events.order_by("-pk").values_list("pk", flat=True)
    event, by_person = numbers.first(), numbers.exclude(actor=None).first()
    return f"{event or 0}-{by_person or 0}"


def _of_people(marker: str) -> str:
    """What of a marker changes with what people do; the whole of one that is none of ours."""
    event, dash, by_person = marker.partition("-")
    return by_person if event.isdigit() and by_person.isdigit() and dash else marker


def sentence_with_person(sentence: str, by: User) -> str:
    """A sentence for the notes, with the person's name in the place of %(person)s."""
    return sentence % {"person": str(by)}


def resolved_message(error: TicketError) -> str:
    """What became of an error that somebody else has closed in the meantime."""
    if not error.resolution_notes:
        return ""
    return _("Somebody has already taken care of this error: %(notes)s") % {
        "notes": error.resolution_notes
    }
