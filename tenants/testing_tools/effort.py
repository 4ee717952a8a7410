"""How much work something is, counted in steps: the same on every machine, however busy it is."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable

# Each call, each start or resumption of a function, each turn of a loop. What a library does in
# another language counts as one call.
EVENTS = sys.monitoring.events
STEPS = (EVENTS.CALL, EVENTS.PY_START, EVENTS.PY_RESUME, EVENTS.JUMP)
TOOL = 4  # one of those that Python leaves to whoever wants it


def steps_of(do: Callable[[], object]) -> int:
    """Do something, and count the steps of Python that it takes, in all threads."""
    steps = itertools.count()

    def count(*_what: object) -> None:
        next(steps)

    sys.monitoring.use_tool_id(TOOL, "steps_of")
    try:
        for event in STEPS:
            sys.monitoring.register_callback(TOOL, event, count)
        sys.monitoring.set_events(TOOL, sum(STEPS))
        do()
    finally:
        sys.monitoring.set_events(TOOL, 0)
        for event in STEPS:
            sys.monitoring.register_callback(TOOL, event, None)
        sys.monitoring.free_tool_id(TOOL)
    return next(steps)
