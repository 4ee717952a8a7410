from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.jobs import defer
from tenants.models import User
from tickets.job_names import RETRY_MANY
from tickets.models import BulkRetry, TicketError
from tickets.repairing.begin_repair import check_repair
from tickets.repairing.retry_step import retry_step

RETRY_OF_MANY = declare("tickets.retry_of_many", gettext_lazy("Began to retry many errors"))

logger = logging.getLogger(__name__)


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
            defer(RETRY_MANY, bulk_retry_id=progress.pk)
    return progress


def continue_bulk_retry(*, bulk_retry_id: int) -> None:
    """Retry what is left, each error in a transaction of its own, with the progress.

    So a worker that is killed has retried some and not others, and the next one goes on
    there. What cannot be retried (any more) is noted, and does not stop the rest.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    while _retry_next_error(bulk_retry_id):
        pass


def _retry_next_error(bulk_retry_id: int) -> bool:
    with transaction.atomic():
        progress = BulkRetry.objects.select_for_update().get(pk=bulk_retry_id)
        if progress.is_finished:
            return False
        error_id: int = progress.error_ids[progress.done]
        refusal = _retry(error_id, progress)
        if refusal:
            progress.refused = [*progress.refused, {"error": error_id, "message": refusal}]
        progress.done += 1
        progress.save(update_fields=["done", "refused", "updated_at"])
    return True


def _retry(error_id: int, progress: BulkRetry) -> str:
    """Why the error was not retried; empty where it was."""
    error = TicketError.objects.filter(pk=error_id).first()
    if error is None:
        return _("This error is no longer there.")
    try:
        with transaction.atomic():
            retry_step(error=error, by=progress.created_by, reason=progress.reason)
    except TicketFlowerError as refusal:
        return str(refusal)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # the rest must not wait because of this one; the log has the trace
        logger.exception("Error %s of %s could not be retried", error_id, current_schema())
        return _("This error could not be retried. The log of the server says why.")
    return ""
