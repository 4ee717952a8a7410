"""How the same is done to many things by a job: one after the other, and what if it stops."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import BigIntegerField, F, Func
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit.acting import acting_as, actor_of
from tenants.audit.models import AuditEvent
from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.jobs import is_under_way
from tickets.models.bulk import Bulk
from tickets.repairing.begin_repair import may_repair
from tickets.repairing.errors import BeginnerMayNotRepairError

# What was begun before its job was known is taken as stopped where nothing came of it so long.
UNKNOWN_FOR: Final = timedelta(hours=1)

logger = logging.getLogger(__name__)


def work_through[B: Bulk](kind: type[B], number: int, act: Callable[[int, B], None]) -> None:
    """Do what is left, each thing in a transaction of its own, with the progress.

    So a worker that is killed has done some and not others, and the next one goes on there. What
    `act` (the number of a thing, and the whole) refuses is noted, and does not stop the rest.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    with _as_it_was_begun(kind, number):
        while _do_next(kind, number, act):
            pass


@contextmanager
def _as_it_was_begun(kind: type[Bulk], number: int) -> Iterator[None]:
    """By the token, and the assistant, by which somebody began it, if by one: so that the history
    of each thing says who did it, though a job does. The audit log has kept it."""
    events = AuditEvent.objects.filter(subject_type=kind._meta.label_lower, subject_id=str(number))
    event = events.order_by("pk").first()
    if event is None or event.through is None:
        yield
        return
    begun = kind._default_manager.select_related("created_by").only("created_by").get(pk=number)
    with acting_as(actor_of(begun.created_by, through=event.through)):
        yield


def stopped(bulk: Bulk) -> bool:
    """Whether nobody works on it any more, though something is left.

    All tries of the job are used up, or it is not there: what is left stays undone until somebody
    lets it go on.
    """
    if _is_worked_on(bulk):
        return False
    # It may have ended well since it was read.
    bulk.refresh_from_db(fields=["done", "refused", "job_id", "updated_at"])
    return not _is_worked_on(bulk)


def _is_worked_on(bulk: Bulk) -> bool:
    if bulk.is_finished:
        return True
    if bulk.job_id is None:
        return bulk.updated_at >= timezone.now() - UNKNOWN_FOR
    return is_under_way(bulk.job_id)


def go_on_with[B: Bulk](bulk: B, defer: Callable[[B], int]) -> bool:
    """Give what has stopped a job anew; pressed twice it gets one. Returns whether it did.

    `defer` makes the job, and returns its number.

    Raises:
        BeginnerMayNotRepairError: in whose name it is done, they may not do it any more.
    """
    with transaction.atomic():
        locked = type(bulk)._default_manager.select_for_update(of=("self",)).get(pk=bulk.pk)
        if not stopped(locked):
            return False
        if not may_repair(locked.created_by):
            raise BeginnerMayNotRepairError(str(locked.created_by))
        locked.job_id = defer(locked)
        locked.save(update_fields=["job_id", "updated_at"])
    return True


def _do_next[B: Bulk](kind: type[B], number: int, act: Callable[[int, B], None]) -> bool:
    # The id of what is next, without all the others: however many there are, neither all of them
    # nor what was refused is read for each.
    following: Any = Cast(
        Func(F(kind.ids_field), F("done"), template="(%(expressions)s)", arg_joiner=" -> "),
        BigIntegerField(),
    )
    with transaction.atomic():
        bulks = kind._default_manager.defer(kind.ids_field, "refused").annotate(following=following)
        bulk: Any = bulks.select_for_update(of=("self",), no_key=True).get(pk=number)
        if bulk.is_finished:
            return False
        changed = ["done", "updated_at"]
        refusal = _refusal(bulk.following, bulk, act)
        if refusal:
            bulk.refuse(bulk.following, refusal)
            changed.append("refused")
        bulk.done += 1
        if bulk.is_finished:
            changed += bulk.forget_at_end()
        bulk.save(update_fields=changed)
    return True


def _refusal[B: Bulk](number: int, bulk: B, act: Callable[[int, B], None]) -> str:
    """Why one was left out; empty where it was done."""
    try:
        with transaction.atomic():
            act(number, bulk)
    except TicketFlowerError as refusal:
        return str(refusal)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # the rest must not wait because of this one; the log has the trace
        logger.exception("%s %s of %s could not be done", bulk.about, number, current_schema())
        return _("This could not be done. The log of the server says why.")
    return ""
