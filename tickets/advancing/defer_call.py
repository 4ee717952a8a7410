from __future__ import annotations

from tenants.jobs import defer
from tickets.job_names import RUN_ACTION


def defer_call(
    *, ticket_id: int, task_id: int, attempt: int | None = None, after_seconds: float = 0
) -> None:
    """Have the worker make an action's call once this transaction has committed.

    `attempt` is the number of the attempt that the job is for: it does nothing where that
    one was made already. None: the next one, whichever that is, with all its retries; so
    begins a new task, and a person who has it tried again.
    """
    number = {} if attempt is None else {"attempt": attempt}
    defer(RUN_ACTION, after_seconds=after_seconds, ticket_id=ticket_id, task_id=task_id, **number)
