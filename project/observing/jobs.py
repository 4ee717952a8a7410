"""One line of the log for each job, and the context of what is written while it runs."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any, Final

from procrastinate import JobContext
from procrastinate.jobs import Job

from project.observing.logs import error_name
from tenants.errors import TicketFlowerError
from tenants.fair_turns import Queue
from tenants.observing.log_context import Fact, facts, logged, note
from tenants.observing.metrics import count, observe

logger = logging.getLogger(__name__)

# Arguments of jobs that a line says, under these names.
SAID: Final = {"schema": "company", "ticket_id": "ticket", "task_id": "task"}
DONE, RETRIED, FAILED = "done", "tried again", "failed"


async def say_job(call_next: Any, context: JobContext, _worker: Any) -> Any:
    """Runs a job (a middleware of the worker), and says what became of it.

    A job that is tried again is one line without a traceback, and so is one that is refused, such
    as by a company that is behind.
    """
    job = context.job
    began = perf_counter()
    with logged(**_facts_of(job)):
        try:
            result = await call_next()
        except Exception as error:
            decided = context.task.get_retry_exception(error, job)
            _say(job, RETRIED if decided else FAILED, perf_counter() - began, error)
            raise
        _say(job, DONE, perf_counter() - began)
        return result


def _facts_of(job: Job) -> dict[str, Fact]:
    known: dict[str, Fact] = {"job": job.id or 0, "kind": job.task_name, "queue": job.queue}
    for argument, name in SAID.items():
        value = job.task_kwargs.get(argument)
        if isinstance(value, str | int):
            known[name] = value
    return known


def _say(job: Job, outcome: str, seconds: float, error: Exception | None = None) -> None:
    count("jobs", queue=job.queue, kind=job.task_name, outcome=outcome)
    observe("job_seconds", seconds, kind=job.task_name)
    if error is not None:
        note(reason=error_name(error))
    is_refusal = isinstance(error, TicketFlowerError)
    reason = facts().get("reason")
    logger.log(
        _level(job, outcome),
        "Job %s (%s): %s after %d ms%s",
        job.id,
        job.task_name,
        outcome,
        seconds * 1000,
        f" ({reason})" if reason else "",
        exc_info=error if outcome == FAILED and not is_refusal else None,
        extra={
            "facts": {"outcome": outcome, "seconds": round(seconds, 4), "attempt": job.attempts + 1}
        },
    )


def _level(job: Job, outcome: str) -> int:
    if outcome == FAILED:
        return logging.ERROR
    if outcome == RETRIED:
        return logging.WARNING
    # Upkeep comes by every ten seconds.
    return logging.DEBUG if job.queue == Queue.UPKEEP else logging.INFO
