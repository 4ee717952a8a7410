"""Where in the body a refusal of tickets belongs."""

from __future__ import annotations

from tenants.api.problems import PLACES, ProblemError, pointer
from workflows.errors import InvalidDataError

ANSWERS = "answers"


@PLACES.register
def places_of_answers(error: Exception) -> list[ProblemError]:
    """Each question that is not answered as it should be: /answers/items/0/amount."""
    if not isinstance(error, InvalidDataError):
        return []
    return [
        ProblemError(
            detail=each.message,
            pointer=pointer(ANSWERS, *(each.field.split(".") if each.field else ())),
        )
        for each in error.problems
    ]
