"""The ticket types that steps of made-up workflows start, made up from the same seed.

A ticket that somebody submits stands at most two above those that others have started: one of the
type STARTED starts one of BELOW, if any, and that starts none.
"""

from __future__ import annotations

import itertools
import random
from typing import Final

from tickets.tests.crash.made_up_process import (
    STARTED,
    VALUES,
    WAIT,
    bundle,
    form,
    make_up_process,
    subticket,
)
from workflows.engine.process import Json, JsonObject

BELOW: Final = "started_below"
DEEPEST: Final = 2
OFFER: Final = "offer"
_WAIT: Final[JsonObject] = {"key": "wait", "title": "Wait", "task_type": WAIT, "wait": "PT1M"}
_DOUBLE: Final[JsonObject] = {
    "key": "double",
    "title": "Double",
    "task_type": VALUES,
    "values": {"double": {"*": [{"var": "ticket.amount"}, 2]}},
}


def make_up_processes(seed: int) -> list[JsonObject]:
    """In the order in which they can be published: people submit tickets of the last one."""
    return [*_types_to_start(seed), make_up_process(seed)]


def _types_to_start(seed: int) -> list[JsonObject]:
    """A form is among the steps of the first type, which ends badly where somebody says `again`.

    That below may end in the moment in which it begins.
    """
    chance = random.Random(f"started {seed}")
    below = chance.choice([[form("note")], [_DOUBLE], [_WAIT]])
    others = [_WAIT, _DOUBLE, subticket("ask", f"{BELOW}_{seed}")]
    steps = [form(OFFER), *(each for each in others if chance.random() < 0.5)]
    chance.shuffle(steps)
    again: Json = {"==": [{"var": f"tasks.{OFFER}.again"}, True]}
    bad: JsonObject = {"condition": again, "label": "refused", "outcome": "bad"}
    return [
        bundle(f"{BELOW}_{seed}", [*below], _chain(below)),
        bundle(
            f"{STARTED}_{seed}",
            [*steps],
            [{"from": OFFER, "to": "end", **bad}, *_chain(steps)],
        ),
    ]


def _chain(steps: list[JsonObject]) -> list[JsonObject]:
    keys = ["start", *(str(each["key"]) for each in steps), "end"]
    return [{"from": one, "to": other, "priority": 9} for one, other in itertools.pairwise(keys)]
