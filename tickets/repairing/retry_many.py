from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.jobs import defer
from tenants.models import User
from tickets.job_names import RETRY_MANY
from tickets.models import BulkRetry, TicketError
from tickets.repairing.begin_repair import check_repair, may_repair
from tickets.repairing.bulk_work import go_on_with, work_through
from tickets.repairing.errors import ErrorGoneError, MayNotRepairError
from tickets.repairing.retry_step import retry_step

RETRY_OF_MANY = declare("tickets.retry_of_many", gettext_lazy("Began to retry many errors"))


def retry_many(*, errors: Iterable[TicketError], by: User, reason: str) -> BulkRetry:
    """Have the worker retry many errors, oldest first; returns the record of its progress.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        ReasonMissingError: the reason is blank.
    """
    reason = check_repair(by=by, reason=reason)
    ids = sorted({error.pk for error in errors})
    with transaction.atomic():
        progress = BulkRetry.objects.create(
            error_ids=ids, total=len(ids), reason=reason, created_by=by
        )
        record(RETRY_OF_MANY, about=progress, person=by, count=len(ids), reason=reason)
        if ids:
            progress.job_id = _defer(progress)
            progress.save(update_fields=["job_id"])
    return progress


def continue_bulk_retry(*, bulk_retry_id: int) -> None:
    """Retry what is left; see `work_through`."""
    work_through(BulkRetry, bulk_retry_id, _retry)


def go_on_with_bulk_retry(*, progress: BulkRetry, by: User) -> None:
    """Let a retry that has stopped go on where it stopped.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        BeginnerMayNotRepairError: whoever has begun it is none any more.
    """
    if not may_repair(by):
        raise MayNotRepairError
    if go_on_with(progress, _defer):
        left = progress.total - progress.done
        record(RETRY_OF_MANY, about=progress, person=by, count=left, reason=progress.reason)


def _defer(progress: BulkRetry) -> int:
    return defer(RETRY_MANY, bulk_retry_id=progress.pk)


def _retry(number: int, progress: BulkRetry) -> None:
    error = TicketError.objects.filter(pk=number).first()
    if error is None:
        raise ErrorGoneError
    retry_step(error=error, by=progress.created_by, reason=progress.reason)
