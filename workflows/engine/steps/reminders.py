"""Who is told of a task while it waits, as a definition says it: the rule, as a value.

Documents hold a list of them as `reminders` of a task:

    {"when": "P1D before due", "tell": "worker", "text": "Look at the quotes first."}
    {"when": "PT4H", "tell": "manager"}
    {"when": "P2D", "tell": "role", "role": "IT managers", "add": true}

    {"when": "P2D", "tell": "deputy", "give": true}

A reminder takes nothing away: whoever has the task keeps it. With `add` the members of the company
role may do it as well. With `give` the one who is told is given it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from workflows.engine.errors import MomentError
from workflows.engine.process import Json, JsonObject
from workflows.engine.times.timing import Moment

MOST_REMINDERS: Final = 20
LONGEST_TEXT: Final = 500


class Tell(StrEnum):
    """Who is told. MANAGER, DEPUTY: that of whoever has the task, who need not be away."""

    WORKER = "worker"
    REQUESTER = "requester"
    MANAGER = "manager"
    DEPUTY = "deputy"
    ROLE = "role"
    TICKET_ADMINS = "ticket_admins"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One of a task's.

    `role` is the company role that is told or added, as it is held: its name in documents, its
    number in definitions that are kept.
    """

    when: Moment
    tell: Tell = Tell.WORKER
    role: str | int | None = None
    adds: bool = False
    gives: bool = False
    text: str = ""

    @property
    def name(self) -> str:
        """What tells it from the task's other reminders, also in another version."""
        return f"{self.when.iso} > {self.tell}"

    @classmethod
    def of(cls, value: Json) -> Self | None:
        """The reminder of an entry; None where it says nothing that can be read."""
        if not isinstance(value, dict):
            return None
        try:
            when = Moment.parse(str(value.get("when", "")))
        except MomentError:
            return None
        tell, role = value.get("tell", Tell.WORKER.value), value.get("role")
        if tell not in list(Tell):
            return None
        return cls(
            when=when,
            tell=Tell(str(tell)),
            role=role if isinstance(role, str | int) and role not in ("", True, False) else None,
            adds=value.get("add") is True,
            gives=value.get("give") is True,
            text=str(value.get("text") or ""),
        )


def reminders_of(value: Json) -> Iterator[Reminder]:
    """Those of a task's `reminders`; what is none is left out."""
    for each in value if isinstance(value, list) else []:
        found = Reminder.of(each)
        if found is not None:
            yield found


def canonical_reminders(value: Json) -> Json:
    """The one spelling of `reminders`, without what equals its default; None: there are none."""
    if not isinstance(value, list):
        return value
    return [_canonical(each) if isinstance(each, dict) else each for each in value] or None


def _canonical(value: JsonObject) -> JsonObject:
    made: JsonObject = {}
    for name in ("when", "tell", "role", "add", "give", "text"):
        said = value.get(name)
        if said in (None, "") or said is False or (name, said) == ("tell", Tell.WORKER.value):
            continue
        made[name] = said
    return made


def with_reminder_roles[R: (str, int)](value: Json, roles: Mapping[R, Json]) -> Json:
    """The reminders with each company role that `roles` has as the other; what it has not stays."""
    if not isinstance(value, list):
        return value
    known: dict[str | int, Json] = dict(roles.items())
    return [
        {**each, "role": known[role]}
        if isinstance(each, dict)
        and isinstance(role := each.get("role"), str | int)
        and role in known
        else each
        for each in value
    ]


def reminder_roles(value: Json) -> Iterator[tuple[int, str | int]]:
    """Where reminders name a company role, by the number of the entry, and how."""
    for index, each in enumerate(value if isinstance(value, list) else []):
        role = each.get("role") if isinstance(each, dict) else None
        if isinstance(role, str | int) and not isinstance(role, bool) and role != "":
            yield index, role
