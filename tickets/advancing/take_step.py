"""The step of a workflow that is due, in the transaction of what made it due."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from tenants.models import Company
from tickets.advancing.defer_jobs_of_move import defer_jobs_of_move
from tickets.models import Ticket
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.step_part import StepPart


class StepFailedError(Exception):
    """The step failed in a way that nobody has foreseen; its transaction must be undone."""


@contextmanager
def errors_as_step_failed() -> Iterator[None]:
    """For a step in a person's own transaction, which must be undone where the step fails.

    They do what they did once more, without the step: `advance_after_commit` takes it then,
    and what fails becomes a ticket error.

    Raises:
        StepFailedError: for whatever goes wrong inside.
    """
    try:
        yield
    except Exception as error:
        raise StepFailedError from error


def take_step(
    ticket: Ticket,
    manager: WorkflowStateManager,
    *,
    now: datetime,
    blocked: Collection[int] = (),
) -> None:
    """Move on, with what belongs to it; where no transition leads on, keep a ticket error.

    The caller has locked the ticket and its workflow instance, and is inside a transaction.
    `blocked` are the ids of tasks whose errors wait for somebody.
    """
    manager.begin_part(StepPart.DECISION)
    move = manager.advance(ticket.facts(Company.objects.current()), blocked=blocked)
    if move.new_tasks or move.failures or move.cancelled:
        manager.begin_part(StepPart.TASK)
        defer_jobs_of_move(ticket, move, manager=manager, now=now)
