"""Places where the apps above add what only they know, so that imports run one way."""

from __future__ import annotations

from collections.abc import Callable


class Hook[**P, R]:
    """Calls every function that was registered, in the order in which they were.

    An app registers its functions while it starts: in a module that its AppConfig or its
    admin.py imports.
    """

    def __init__(self) -> None:
        self._functions: list[Callable[P, R]] = []

    def register(self, function: Callable[P, R]) -> Callable[P, R]:
        """Use it as a decorator."""
        self._functions.append(function)
        return function

    def call_all(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        return [function(*args, **kwargs) for function in self._functions]
