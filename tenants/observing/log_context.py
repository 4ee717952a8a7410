"""What the lines of the log say besides their message: which request or job, whose, about what.

A request and a job each begin a context (`logged`); whatever happens in it adds what it knows
(`note`), and every line that is written meanwhile has it. No personal data: ids and names that
stand in our code, never what somebody typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

type Fact = str | int | float | list[int]

# The jobs that one request or job has put into the queue; more are not listed.
MOST_JOBS: Final = 20

_context: ContextVar[dict[str, Fact] | None] = ContextVar("log_context", default=None)


@contextmanager
def logged(**facts: Fact) -> Iterator[dict[str, Fact]]:
    """Begin a context; what is noted until its end stands in what is given."""
    token = _context.set(dict(facts))
    try:
        yield _facts()
    finally:
        _context.reset(token)


def note(**facts: Fact | None) -> None:
    """Add to the context. Without one, nothing happens; None says nothing."""
    _facts().update((name, value) for name, value in facts.items() if value is not None)


def note_reason(reason: str) -> None:
    """Say why something is refused. The first one counts: what follows is its consequence."""
    _facts().setdefault("reason", reason)


def note_job(job_id: int) -> None:
    """Say that a job was put into the queue: by its id its lines are found."""
    jobs = _facts().setdefault("jobs", [])
    if isinstance(jobs, list) and len(jobs) < MOST_JOBS:
        jobs.append(job_id)


def in_context() -> bool:
    return _context.get() is not None


def facts() -> Mapping[str, Fact]:
    """What is known now."""
    return _facts()


def _facts() -> dict[str, Fact]:
    """Outside of a context one that nobody reads."""
    known = _context.get()
    return {} if known is None else known
