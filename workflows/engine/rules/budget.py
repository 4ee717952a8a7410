"""What rules may go over together: a budget that all of them share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

MOST_WORK_TOGETHER: Final = 1_000_000_000  # characters that all rules over the same data go over
WORK_OF_A_REFUSAL: Final = 5_000_000


@dataclass(slots=True)
class Spending:
    """What rules have gone over together. `roughly`: where it was enough not to look closer."""

    most: int
    roughly: int = 0
    exactly: int = 0


shared_spending: Final[ContextVar[Spending | None]] = ContextVar("spending of rules", default=None)


@contextmanager
def one_budget(most_work: int = MOST_WORK_TOGETHER) -> Iterator[None]:
    """All rules that are checked or evaluated inside have one budget.

    One that is there already holds.
    """
    if shared_spending.get() is not None:
        yield
        return
    token = shared_spending.set(Spending(most_work))
    try:
        yield
    finally:
        shared_spending.reset(token)


def is_budget_spent() -> bool:
    """Whether the budget around is spent: each rule that follows is refused."""
    spending = shared_spending.get()
    return spending is not None and spending.roughly + spending.exactly > spending.most
