"""Looking up what answers name in the database: before a pure step judges them, and at once.

A type whose answers name something has a `lookup.py` in its folder with `look_up`: it takes
the references of its type and gives {reference: what was found}, with one query for all of them.
Whatever is not of the company that the connection is set to is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from django.utils import timezone

from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.asked_again import PartOfForm
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import NO_FACTS, Facts, Reference
from workflows.fields.registry import modules_of_types
from workflows.working_hours.company_clock import company_clock

type LookUp = Callable[[Collection[Reference]], Mapping[Reference, tuple[JsonObject, ...]]]

_LOOK_UPS: Final[Mapping[str, LookUp]] = {
    module.__name__.split(".")[-2]: module.look_up for module in modules_of_types("lookup")
}


def look_up(references: Collection[Reference]) -> Facts:
    """What is found behind references; a query for each type that is among them."""
    if not references:
        return NO_FACTS
    found: dict[Reference, tuple[JsonObject, ...]] = {}
    for key in {each.type for each in references}:
        found |= _LOOK_UPS[key]([each for each in references if each.type == key])
    return Facts(found)


def facts_for(
    validator: Validator | PartOfForm, answers: Json, *, kept: JsonObject | None = None
) -> Facts:
    """What a form's answers and presets name; a form that names nothing costs no query.

    With the time, where its rules read it.

    `kept` are answers that were judged before: whoever does not change them keeps them.
    """
    facts = look_up(validator.references(answers))
    if validator.reads_clock:
        clock = company_clock(timezone.now(), counts_days=validator.reads_working_days)
        facts = replace(facts, clock=clock)
    return replace(facts, kept=validator.values_to_keep(kept)) if kept else facts
