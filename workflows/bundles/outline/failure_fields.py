"""What the transitions for a failed call can read of it, as questions would be described."""

from __future__ import annotations

from workflows.engine.conditions.sentence import choice_labels
from workflows.engine.failure import FailureReason
from workflows.engine.process import Json
from workflows.failure_reasons import NAMES, PARTS
from workflows.fields.field import Field
from workflows.fields.registry import TYPES


def failure_fields() -> dict[str, Field]:
    """The parts that have a type of their own, by their dotted names."""
    reasons = tuple((each.value, str(NAMES[each])) for each in FailureReason)
    made = (
        Field("status", TYPES["integer"], str(PARTS["status"]), required=True),
        Field("reason", TYPES["choice"], str(PARTS["reason"]), required=True, choices=reasons),
        Field("message", TYPES["text"], str(PARTS["message"]), required=True),
    )
    return {f"failure.{each.name}": each for each in made}


def failure_labels() -> dict[str, str]:
    """What they are called in a condition, and what the reasons are called."""
    reasons: list[Json] = [
        {"value": each.value, "label": str(name)} for each, name in NAMES.items()
    ]
    labels = {f"failure.{name}": str(label) for name, label in PARTS.items()}
    return labels | choice_labels([{"name": "reason", "choices": reasons}], "failure.")
