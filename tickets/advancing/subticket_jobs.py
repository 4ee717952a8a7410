"""The job that looks after a sub-ticket, deferred in the transaction of what makes it needed.

One job does it all (`tickets/subtickets/follow_subticket.py`): it looks at both sides and does what
is due, so that it may run twice, late, or in any order.
"""

from __future__ import annotations

from collections.abc import Iterable

from tenants.fast.batch import Batch
from tenants.jobs import defer, defer_many
from tickets.job_names import FOLLOW_SUBTICKET
from tickets.models import Ticket
from workflows.models import TaskInstance
from workflows.running.with_event import WITH_EVENT, Happened


def follow_subtickets(tasks: Iterable[TaskInstance], *, ticket_id: int) -> None:
    """For steps that have begun or are left: those of them that start tickets have a job each."""
    found = [{"ticket_id": ticket_id, "task_id": each.pk} for each in tasks if _starts_one(each)]
    if len(found) == 1:
        defer(FOLLOW_SUBTICKET, **found[0])
    elif found:
        defer_many(FOLLOW_SUBTICKET, found)


def _starts_one(task: TaskInstance) -> bool:
    return task.definition.is_subticket


@WITH_EVENT.register
def follow_at_the_end(batch: Batch, happened: Happened) -> None:
    """A sub-ticket that ends has a job for the step that has started it."""
    step = happened.started_by_id
    if step is None or not happened.kind.rules.ends(happened.data):
        return
    above = Ticket.objects.filter(workflow_instance__tasks__pk=step)
    if (number := above.values_list("pk", flat=True).first()) is not None:
        defer(FOLLOW_SUBTICKET, ticket_id=number, task_id=step)
