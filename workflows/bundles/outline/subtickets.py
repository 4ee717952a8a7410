"""What can be read of the tickets that steps start."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.conditions.sentence import choice_labels
from workflows.engine.process import EndOutcome, Json
from workflows.engine.steps.subtickets import CANCELLED, PARTS
from workflows.fields.field import Field
from workflows.fields.registry import TYPES

# What `wait_for_end` says of a step that goes on at once.
NO_WAIT: Final = False


def subtickets_of(outline: Outline) -> dict[str, Entry]:
    """The steps that start tickets, by their keys."""
    return {key: task for key, task in outline.task_of.items() if task.is_subticket}


def names_read(task: Entry) -> list[str]:
    """What there is beneath the output of such a step."""
    return [*PARTS, *names_kept(task)]


def names_kept(task: Entry) -> list[str]:
    """What such a step keeps of its sub-ticket, by name."""
    kept = task.value.get("output_transform")
    return [name for name in kept if name not in PARTS] if isinstance(kept, dict) else []


def outcome_choices() -> tuple[tuple[str, str], ...]:
    """How a sub-ticket may have ended, with what people call it."""
    return (
        *((each.value, str(OUTCOMES[each].choice)) for each in EndOutcome),
        (CANCELLED, _("Withdrawn or cancelled")),
    )


def subticket_fields(outline: Outline) -> dict[str, Field]:
    """What can be read of sub-tickets, as questions, by dotted names."""
    found: dict[str, Field] = {}
    for key, task in subtickets_of(outline).items():
        words = {"task": task.text("title") or key}
        prefix = f"tasks.{key}"
        found[f"{prefix}.outcome"] = Field(
            "outcome",
            TYPES["choice"],
            _("%(task)s: outcome") % words,
            required=True,
            choices=outcome_choices(),
        )
        for name, type_key, label in (
            ("ended", "boolean", _("%(task)s: has ended")),
            ("label", "text", _("%(task)s: how it ended")),
            ("number", "integer", _("%(task)s: number of the ticket")),
        ):
            found[f"{prefix}.{name}"] = Field(name, TYPES[type_key], label % words, required=True)
    return found


def subticket_labels(outline: Outline) -> dict[str, str]:
    """What is called how in a condition of what can be read of sub-tickets."""
    labels = {name: field.label for name, field in subticket_fields(outline).items()}
    for key, task in subtickets_of(outline).items():
        labels |= choice_labels(output_specs_of_subticket(), f"tasks.{key}.")
        for name in names_read(task):
            words = {"task": task.text("title") or key, "name": name.replace("_", " ")}
            labels.setdefault(f"tasks.{key}.{name}", _("%(task)s: %(name)s") % words)
    return labels


def output_specs_of_subticket() -> list[Json]:
    """What came of such a step, as questions by which it is shown."""
    choices: list[Json] = [{"value": key, "label": name} for key, name in outcome_choices()]
    return [
        {"name": "outcome", "label": _("Outcome"), "type": "choice", "choices": choices},
        {"name": "label", "label": _("How it ended"), "type": "text"},
        {"name": "number", "label": _("Number of the ticket"), "type": "integer"},
        {"name": "ended", "label": _("Has ended"), "type": "boolean"},
    ]
