"""What was looked up in the database before a pure step judges answers.

The answers of some types name what stands in the database: a person. The caller asks the
type for the `Reference`s in its values, looks them all up at once (`in_database/look_up.py`), and
hands what was found to the pure step. What was not found is unknown, whether it is another
company's, was deactivated, or never was there: so all are refused in the same words, after the same
query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import Clock


class Reference(NamedTuple):
    """How a value names something: the key of its type, by what, and the name or number."""

    type: str
    by: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found: all things that a reference may mean, as JSON.

    `trusts_answers`: complete answers were judged when they were given, and are not judged
    again: people come and go, what they said stays. `kept` are such answers of a single form, with
    the names of their questions. `make_up` stands in for the database.
    """

    found: Mapping[Reference, tuple[JsonObject, ...]] = field(default_factory=dict)
    trusts_answers: bool = False
    kept: tuple[tuple[str, Json], ...] = ()
    make_up: Callable[[Reference], JsonObject] | None = None
    # What time it is for the rules of a form. None: rules that read it say nothing.
    clock: Clock | None = None

    def of(self, reference: Reference) -> tuple[JsonObject, ...]:
        if self.make_up is not None:
            return (self.make_up(reference),)
        return self.found.get(reference, ())

    def keeps(self, name: str, value: Json) -> bool:
        """Whether this very answer need not be judged: it was before, and nobody changed it."""
        return self.trusts_answers or (name, value) in self.kept


# Nothing was looked up: what names something is refused.
NO_FACTS: Final = Facts()
# For answers that were given before.
KEPT_ANSWERS: Final = Facts(trusts_answers=True)
