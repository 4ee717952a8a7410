"""All repairs, by the name in their address, and which of them are open for a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tickets.models import Ticket, TicketError
from tickets.repairing.pages.correcting import CorrectData, CorrectInput, CorrectOutput
from tickets.repairing.pages.handing_over import EndWait, Finish, Reassign, TakeBack
from tickets.repairing.pages.repair_verb import RepairVerb, first_retryable
from tickets.repairing.pages.retrying import Retry
from tickets.repairing.pages.stopping import Cancel, Hold, Resume
from workflows.models import TaskInstance

VERBS: Final[Mapping[str, type[RepairVerb]]] = {
    each.verb: each
    for each in (
        Retry, CorrectData, CorrectOutput, CorrectInput, Finish, EndWait, TakeBack, Reassign,
        Hold, Resume,
        Cancel,
    )
}  # fmt: skip


def open_repairs(
    ticket: Ticket, *, task: TaskInstance | None = None, error: TicketError | None = None
) -> list[RepairVerb]:
    """What can be done now about a ticket, from its page or that of its task or error.

    The ticket is fetched with its workflow instance.
    """
    return [each for each in _verbs(ticket, task, error) if not each.refusal()]


def _verbs(
    ticket: Ticket, task: TaskInstance | None, error: TicketError | None
) -> Iterator[RepairVerb]:
    retryable = error or first_retryable(ticket)
    if retryable is not None and (task is None or retryable.task_id in (None, task.pk)):
        yield Retry.about(ticket, retryable)
    yield CorrectData(ticket)
    if task is not None:
        yield CorrectInput(ticket, task=task)
        yield CorrectOutput(ticket, task=task)
        yield Finish(ticket, task=task)
        yield EndWait(ticket, task=task)
        yield TakeBack(ticket, task=task)
        yield Reassign(ticket, task=task)
    yield Resume(ticket)
    yield Hold(ticket)
    yield Cancel(ticket)
