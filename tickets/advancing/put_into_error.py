"""A step that failed is put into error, as far as the database lets it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError, transaction

from tenants.connection import current_schema
from tickets.advancing.failed_step import UNREACHABLE

logger = logging.getLogger(__name__)


def try_to_put_into_error(put: Callable[[], object]) -> bool:
    """Put a step into error, and return whether that went: `put` does it, and nothing else.

    What refuses the step may refuse that as well (a trigger on the table of tasks, say). The
    ticket error must be kept all the same: with `is_step_marked` false it stands for the step,
    and whoever tries again puts that into error first.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached.
        WorkflowsError: what `put` raises where the step does not wait any more.
    """
    try:
        with transaction.atomic():
            put()
    except UNREACHABLE:
        raise
    except DatabaseError:
        logger.exception("A step of %s failed and cannot be put into error", current_schema())
        return False
    return True
