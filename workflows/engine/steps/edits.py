"""Which earlier answers a task's form shows again, to be changed or only seen: as a value.

Documents hold it as `edits` of a task:

    [{"field": "amount"}, {"field": "reason", "mode": "see"}, {"task": "review", "field": "note"}]

Without `task` it is a question of the ticket's form. What is changed is called as conditions call
it: `ticket.amount`, `tasks.review.note`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflows.engine.process import Json, JsonObject

OF_TICKET: Final = "ticket."
OF_TASKS: Final = "tasks."


class EditMode(StrEnum):
    """What the person may do with the answer."""

    CHANGE = "change"
    SEE = "see"


@dataclass(frozen=True, slots=True)
class Edit:
    """One answer that is shown again. `task` is empty for a question of the ticket."""

    field: str
    task: str = ""
    mode: EditMode = EditMode.CHANGE

    @property
    def name(self) -> str:
        """What conditions call the answer."""
        return f"{owner_of(self.task)}{self.field}"

    @property
    def may_change(self) -> bool:
        return self.mode is EditMode.CHANGE


def owner_of(task: str) -> str:
    """What the names of the answers begin with that were given in a task; "" is the ticket."""
    return f"{OF_TASKS}{task}." if task else OF_TICKET


def split_name(name: str) -> tuple[str, str] | None:
    """The task (empty: the ticket) and the question of a name; None where it is no such name."""
    parts = name.split(".")
    if len(parts) == 2 and f"{parts[0]}." == OF_TICKET and parts[1]:
        return "", parts[1]
    if len(parts) == 3 and f"{parts[0]}." == OF_TASKS and parts[1] and parts[2]:
        return parts[1], parts[2]
    return None


def edits_of(value: object) -> tuple[Edit, ...]:
    """The `edits` of a task, which may be wrong: what says nothing is left out."""
    found: dict[tuple[str, str], Edit] = {}
    for each in value if isinstance(value, list | tuple) else ():
        if not isinstance(each, dict):
            continue
        field, task, mode = each.get("field"), each.get("task") or "", each.get("mode")
        if isinstance(field, str) and field and isinstance(task, str):
            known = EditMode.SEE if mode == EditMode.SEE else EditMode.CHANGE
            found.setdefault((task, field), Edit(field, task, known))
    return tuple(found.values())


def canonical_edits(value: Json) -> Json:
    """The one spelling of `edits`: None where nothing is listed."""
    if not isinstance(value, list):
        return value
    return [_canonical(each) if isinstance(each, dict) else each for each in value] or None


def _canonical(entry: JsonObject) -> JsonObject:
    kept = {"task": "", "field": None, "mode": EditMode.CHANGE.value}
    return {
        name: entry[name]
        for name, default in kept.items()
        if name in entry and entry[name] not in (None, default)
    }


def by_owner(changes: JsonObject) -> dict[str, JsonObject]:
    """Changes by the task whose answers they are ("": the ticket); what is none is left out."""
    found: dict[str, JsonObject] = {}
    for name, value in changes.items():
        if (parts := split_name(name)) is not None:
            found.setdefault(parts[0], {})[parts[1]] = value
    return found


def with_owner(task: str, answers: JsonObject) -> JsonObject:
    """The answers to a form under the names that conditions give them."""
    return {f"{owner_of(task)}{name}": value for name, value in answers.items()}


def changes_in(answers: Iterable[tuple[str, Json]]) -> JsonObject:
    """What of kept answers belongs to other forms: its names have a dot, which no question has."""
    return {name: value for name, value in answers if split_name(name) is not None}


def place_of(path: str) -> tuple[str, str] | None:
    """Of a problem: the task (empty: the ticket) and the place in its form.

    None where it is about a question of the task's own form.
    """
    parts = path.split(".")
    if len(parts) > 2 and f"{parts[0]}." == OF_TASKS and not parts[1].isdecimal():
        return parts[1], ".".join(parts[2:])
    if len(parts) > 1 and f"{parts[0]}." == OF_TICKET and not parts[1].isdecimal():
        return "", ".".join(parts[1:])
    return None
