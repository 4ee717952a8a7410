"""Recurring starts of a ticket type: what a definition says of one, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workflows.engine.times.recurrence import Recurrence

from .process import Json, JsonObject, objects_in


@dataclass(frozen=True, slots=True)
class StartSpec:
    """When tickets of a type start by themselves, with which answers, and as whose.

    `email` names who submits them: empty where the company says it (it does so in any case, once
    the start is there). The rest is as `Recurrence.read` takes it.
    """

    key: str
    title: str = ""
    rule: str = ""
    working_day: int = 0
    at: str = ""
    first: str = ""
    email: str = ""
    answers: JsonObject = field(default_factory=dict)

    @classmethod
    def of(cls, entry: JsonObject) -> StartSpec:
        """Survives any entry: what is no value of its kind counts as left out."""
        number, answers = entry.get("working_day"), entry.get("answers")
        return cls(
            key=_text(entry, "key"),
            title=_text(entry, "title"),
            rule=_text(entry, "rule"),
            working_day=number if isinstance(number, int) and number is not True else 0,
            at=_text(entry, "at"),
            first=_text(entry, "from"),
            email=_text(entry, "on_behalf_of"),
            answers=answers if isinstance(answers, dict) else {},
        )

    def recurrence(self) -> Recurrence:
        """Raises RecurrenceError."""
        return Recurrence.read(
            rule=self.rule, working_day=self.working_day, at=self.at, first=self.first
        )

    @property
    def entry(self) -> JsonObject:
        """As a bundle has it, without what says nothing."""
        made: JsonObject = {
            "key": self.key,
            "title": self.title,
            "rule": self.rule,
            "working_day": self.working_day,
            "at": self.at,
            "from": self.first,
            "on_behalf_of": self.email,
            "answers": self.answers,
        }
        return {name: value for name, value in made.items() if value not in ("", 0, {})}


def starts_of(value: Json) -> Iterator[StartSpec]:
    return map(StartSpec.of, objects_in(value))


def _text(entry: JsonObject, name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""
