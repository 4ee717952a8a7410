"""Limits that several types share: of numbers, and of what is counted."""

from __future__ import annotations

from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext, gettext_noop
from workflows.engine.values.number_text import number_problem, possible_numbers
from workflows.fields.shared.spec_values import given_number, is_whole, number

FIXED: Final = gettext_noop(
    "Only limits of numbers, dates and times can be formulas, which depend on today or on answers."
)
FORMULA: Final = gettext_noop('A formula is given as JsonLogic, such as {"var": "today"}.')


def count_problem(value: Json, most: int) -> str:
    """Why a value is no limit of what is counted; empty where it is one."""
    fits = is_whole(value) and 0 <= number(value) <= most
    return (
        ""
        if fits
        else no_limit(
            value, gettext("Give the limit as a whole number from 0 to %(most)s.") % {"most": most}
        )
    )


def no_limit(value: Json, message: str) -> str:
    """Why this is no limit of a number; `message` says what is one."""
    if isinstance(value, dict):
        return f"{message} {gettext(FIXED)}"
    if isinstance(value, str) and len(possible_numbers(value)) > 1:
        return number_problem(value)
    return message


def order_problem(spec: JsonObject) -> str:
    """Why no number is within the limits; empty where one is."""
    low, high = given_number(spec, "min"), given_number(spec, "max")
    above, below = given_number(spec, "more_than"), given_number(spec, "less_than")
    pairs_fit = (
        (low is None or high is None or low <= high)
        and (above is None or high is None or above < high)
        and (low is None or below is None or low < below)
        and (above is None or below is None or above < below)
    )
    if pairs_fit:
        return ""
    return gettext(
        "The lowest allowed value is above the highest, so that no answer fits. Correct it."
    )


def zero_problem(spec: JsonObject) -> str:
    """Of a required answer that is counted: whether none at all is the most."""
    if spec.get("required") is True and given_number(spec, "max") == 0:
        return gettext("An answer is required, but “max” is 0, so that no answer fits. Correct it.")
    return ""
