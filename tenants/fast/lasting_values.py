"""What may stand in a statement that is made once and then serves everybody.

A value of one request, company, person or moment must not: whoever comes later would be served
with it. So such a query is declared where a module is imported, and made where none of them is
to be had; and of what stands in its SQL all the same, only constants are let through.
"""

from __future__ import annotations

import gc
import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from datetime import date
from enum import Enum
from types import FrameType
from typing import Any

from django.core.exceptions import FieldError
from django.db import DEFAULT_DB_ALIAS, connections

# What a connection knows that is the same whichever company it works in.
_SAME_FOR_ALL = frozenset(
    {
        *("alias", "vendor", "display_name", "features", "ops"),
        *("data_types", "data_types_suffix", "data_type_check_constraints"),
        *("operators", "pattern_esc", "pattern_ops"),
    }
)
_TELLS_THE_TIME = frozenset({"now", "today", "utcnow"})
# What Django selects for EXISTS is no value of anybody's; `%%` is a percent sign.
_PLACE = re.compile(r"%%|(?P<exists>\bEXISTS\(SELECT )?%s")
# Names are passed over, and so are a column's number and the first row alone.
_LITERAL = re.compile(
    r"""(?P<passed>"(?:[^"]|"")*" | \b(?:ORDER|GROUP)\ BY\ \d+ | \bLIMIT\ 1\b)
        | (?P<text>'(?:[^']|'')*') | (?P<number>(?<![\w.])\d+(?:\.\d+)?)""",
    re.VERBOSE,
)


class FrozenValueError(FieldError):
    """A statement that is made once holds a value that may be another one next time."""


class _NoCompany:
    """Stands for a connection where a statement is made: it knows no company and asks nothing."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.connect = _refuse_to_connect

    def __getattr__(self, name: str) -> Any:
        if name in _SAME_FOR_ALL:
            return getattr(self._connection, name)
        raise FrozenValueError(
            f"A prepared query asked the connection for “{name}”, which is another one for another "
            f"company or request. Make it a slot, or let Postgres find it out (current_schema())."
        )

    def get_autocommit(self) -> bool:
        """Locks are taken in a transaction; whether there is one is seen when it is sent."""
        return False


def _refuse_to_connect() -> None:
    raise FrozenValueError(
        "A prepared query read from the database while it was made: what it found would stay in "
        "it. Make it a slot or a part of the query."
    )


def _refuse_the_clock(frame: FrameType, event: str, called: Any) -> None:
    """What the interpreter reports of every call; those that read the time are written in C."""
    if event != "c_call":
        return
    owner = getattr(called, "__self__", None)
    is_of_date = isinstance(owner, type) and issubclass(owner, date)
    is_clock = called.__module__ == "time" or (is_of_date and called.__name__ in _TELLS_THE_TIME)
    if is_clock and not _is_of_garbage_collection(frame):
        raise FrozenValueError(
            "A prepared query looked at the clock while it was made: that moment would stay in it. "
            "Make it a slot, or let Postgres look (Now())."
        )


def _is_of_garbage_collection(frame: FrameType | None) -> bool:
    """Whoever measures it is called in the middle of anything."""
    codes = {getattr(each, "__code__", None) for each in gc.callbacks}
    while frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False


def ensure_declared_by_a_module(depth: int = 2) -> None:
    """Refuse whoever is called from within a function, `depth` calls up from here.

    A function may run for a request, and what it hands over may belong to it.

    Raises:
        FrozenValueError: it is not the body of a module.
    """
    frame = inspect.currentframe()
    for _step in range(depth):
        frame = frame.f_back if frame else None
    if frame is None or frame.f_code.co_name != "<module>":
        raise FrozenValueError(
            "Declare a prepared query at the top of its module: in a function it could take "
            "values of a request with it, which later requests would be served with."
        )


def made_nowhere[R](make: Callable[[], R]) -> R:
    """What `make` returns where there is no request, company, person, language, database or clock.

    Those that have a place are kept by the thread or by its context; this one is new, and its
    context empty.

    Raises:
        FrozenValueError: it asked for one of them.
    """

    def run() -> R:
        no_company: Any = _NoCompany(connections[DEFAULT_DB_ALIAS])
        connections[DEFAULT_DB_ALIAS] = no_company
        sys.setprofile(_refuse_the_clock)  # of this thread alone
        try:
            return make()
        finally:
            sys.setprofile(None)

    with ThreadPoolExecutor(max_workers=1) as new_thread:
        return new_thread.submit(Context().run, run).result()


def ensure_lasting(
    text: str,
    params: Sequence[object],
    *,
    slots: Collection[int],
    constants: Collection[str | int],
) -> None:
    """Let nothing stand in a statement but slots, members of enums, true, false, null, constants.

    `text` has a `%s` for each of `params`; `constants` are those that its module declares.

    Raises:
        FrozenValueError: there is another one.
    """
    for value in (*_given_to(text, params), *_written_in(text)):
        if isinstance(value, (bool, Enum)) or value is None:
            continue
        if isinstance(value, (str, int)) and (value in slots or value in constants):
            continue
        raise FrozenValueError(
            f"{value!r} ({type(value).__name__}) would stand in this prepared query for "
            f"everybody and for ever. Make it a slot; what is the same always is a member of "
            f"an enum, or is declared in its constants."
        )


def _given_to(text: str, params: Sequence[object]) -> Iterator[object]:
    """Its values, without those that Django gives to every EXISTS."""
    places = (found for found in _PLACE.finditer(text) if found[0] != "%%")
    for place, value in zip(places, params, strict=True):
        if not place["exists"]:
            yield value


def _written_in(text: str) -> Iterator[str | int | float]:
    """The values that stand in a statement as such."""
    for found in _LITERAL.finditer(text):
        if found["text"]:
            yield found["text"][1:-1].replace("''", "'")
        elif found["number"]:
            number = found["number"]
            yield float(number) if "." in number else int(number)
