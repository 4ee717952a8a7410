"""The way out of a call that has failed for good, where its workflow has one."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import transaction

from tenants.connection import current_schema
from tenants.models import Company
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.defer_jobs_of_move import defer_jobs_of_move
from tickets.advancing.failed_step import UNREACHABLE, FailedStep
from tickets.models import Ticket
from workflows.engine.failure import Failure
from workflows.models import TaskInstance
from workflows.running.state_manager import WorkflowStateManager

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WayOut:
    """Whether the ticket went on. `problem` says why it did not where it should, `trace` how.

    `is_undone`: what was tried is undone in the database, but not in the rows that tried it; they
    must be read anew.
    """

    taken: bool = False
    problem: str = ""
    trace: str = ""
    is_undone: bool = False


def leave_failed_call(
    ticket: Ticket, manager: WorkflowStateManager, task: TaskInstance, failure: Failure
) -> WayOut:
    """Take the transition for this failure, in the transaction that closes the last attempt.

    The caller holds the locks of the ticket and of its instance, and keeps a ticket error where it
    is not taken.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job comes again.
    """
    if not manager.has_failure_ways(task):
        return WayOut()
    try:
        with transaction.atomic():
            manager.is_about(ticket)
            manager.write_in_parts()  # so that it is known what of it fails
            facts = ticket.facts(Company.objects.current())
            move = manager.leave_failed_call(task, failure=failure, facts=facts)
            if not move.moved:
                return WayOut(problem=move.error)
            cancel_jobs_of_task(task, now=manager.now)
            defer_jobs_of_move(ticket, move, manager=manager, now=manager.now)
        return WayOut(taken=True)
    except UNREACHABLE:
        raise
    except Exception as error:  # whatever it is, a ticket admin must see it
        logger.exception("The way out of call %s of %s failed", task.pk, current_schema())
        failed = FailedStep.of(error, ticket, manager, left=task)
        return WayOut(problem=failed.message, trace=failed.trace, is_undone=True)
