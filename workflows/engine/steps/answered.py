"""Waits that a message ends: by which key it is matched, and what comes of it."""

from __future__ import annotations

from typing import Final

from workflows.engine.process import Json, JsonObject

LONGEST_KEY: Final = 255
ANSWERED: Final = "answered"


def answer_key(name: str, answers: JsonObject) -> str | None:
    """The key by which a message is matched, as text; None: the answer is not there.

    `name` is that of an answer, such as tasks.order.reference or ticket.order_number;
    `answers` are those by `ticket` and `tasks`.
    """
    value: Json = dict(answers)
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = text.strip()
    return text if 0 < len(text) <= LONGEST_KEY else None


def answer_in(output: JsonObject) -> JsonObject | None:
    """What was answered, of an output; None: nothing was. One that does not say so is an answer."""
    if output.get(ANSWERED) is False:
        return None
    return {name: value for name, value in output.items() if name != ANSWERED}


def output_of(answer: JsonObject | None) -> JsonObject:
    """What such a wait gives: the answer, and whether there was one."""
    return {**(answer or {}), ANSWERED: answer is not None}
