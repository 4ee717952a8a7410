"""What a service refuses, caught once: `with refusals() as refused:`.

The rest of the block is left out where something is refused, and what follows it goes on. Pages
have more of it in tenants/pages/refusals.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, overload

from tenants.errors import TicketFlowerError
from tenants.observing.log_context import note_reason


class Refusals[E: Exception]:
    """Catches what is refused inside `with`, and reports it.

    `error` is what was refused; None: nothing was. A refusal of another kind goes on its way.
    """

    def __init__(self, *kinds: type[E], report: Callable[[E], None] | None = None) -> None:
        self.error: E | None = None
        self._kinds = kinds
        self._report = report
        self._outer: BaseException | None = None

    def __enter__(self) -> Self:
        self._outer = sys.exception()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        outer, self._outer = self._outer, None
        if not isinstance(error, self._kinds):
            return False
        self.error = error
        note_reason(type(error).__name__)
        if self._report is not None:
            self._report(error)
        _let_go_of_frames(error, outer)
        return True

    @property
    def text(self) -> str:
        """What was refused, for people; empty: nothing was."""
        return "" if self.error is None else str(self.error)


def _let_go_of_frames(error: BaseException, outer: BaseException | None) -> None:
    """Forget where the error, and what led to it, was raised; not where `outer` was.

    A frame that has the error, which has the frame, would be kept with all that was sent (files,
    say) until the garbage collector looks through old objects.
    """
    seen, todo = {id(outer)}, [error]
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = None
        todo += [link for link in (each.__cause__, each.__context__) if link is not None]


@overload
def refusals() -> Refusals[TicketFlowerError]: ...
@overload
def refusals[E: Exception](*kinds: type[E]) -> Refusals[E]: ...
def refusals(*kinds: type[Exception]) -> Refusals[Any]:
    """Keep what is refused: of these kinds, or whatever it is."""
    return Refusals(*(kinds or (TicketFlowerError,)))
