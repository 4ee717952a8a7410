"""Sub-tickets: what a step reads of the ticket that it has started."""

from __future__ import annotations

from typing import Final

from workflows.engine.errors import ConditionError
from workflows.engine.process import EndOutcome, Json, JsonObject, Process
from workflows.engine.rules.compiling import compile_condition, is_empty

# What conditions read of the step, besides what it keeps of the sub-ticket.
PARTS: Final = ("ended", "outcome", "label", "number")
# The outcome of a sub-ticket that was withdrawn or cancelled; others have that of their end.
CANCELLED: Final = "cancelled"
OUTCOMES: Final = (*(each.value for each in EndOutcome), CANCELLED)
# What the step keeps reads the sub-ticket under this name, with these beneath it.
ROOT: Final = "subticket"
READ_OF_ENDED: Final = ("number", "outcome", "label", "ticket", "tasks")

# What a person may write in the place of what came of a sub-ticket; more may stand beside it.
OUTPUT_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "ended": {"type": "boolean"},
        "outcome": {"enum": [*OUTCOMES, ""]},
        "label": {"type": "string"},
        "number": {"type": ["integer", "null"]},
    },
}


def began(number: int | None) -> JsonObject:
    """What comes of a step that does not wait: its sub-ticket has this number."""
    return {"ended": False, "outcome": "", "label": "", "number": number}


def has_ended(
    number: int | None, *, outcome: str, label: str = "", kept: Json = None
) -> JsonObject:
    """What comes of a step whose sub-ticket has ended, with what it keeps of that."""
    more = kept if isinstance(kept, dict) else {}
    return {**more, "ended": True, "outcome": outcome, "label": label, "number": number}


def completed(output: JsonObject, *, waits: bool = True) -> JsonObject:
    """What a person or a test case says of a sub-ticket, with what it left out: it ended well."""
    usual: JsonObject = {
        "ended": waits,
        "outcome": EndOutcome.GOOD.value if waits else "",
        "label": "",
        "number": None,
    }
    return {**usual, **output}


def knows_outcome(process: Process, task: str) -> bool:
    """Whether a transition that leaves this step asks how its sub-ticket has ended.

    Where none does, one that was cancelled is a failure: nothing shows that the process is meant to
    go on then.
    """
    asked = {("tasks", task), ("tasks", task, "outcome"), ("tasks", task, "ended")}
    for each in process.transitions:
        if each.from_task != task or not each.is_usual or is_empty(each.condition):
            continue
        try:
            read = compile_condition(each.condition).reads
        except ConditionError:  # told where it is decided
            return True
        if any(tuple(path) in asked for path in read):
            return True
    return False
