"""Who is told of a task while it waits, as a definition says it: the rule, as a value.

Documents hold a list of them as `reminders` of a task:

    {"when": "P1D before due", "tell": "worker", "text": "Look at the quotes first."}
    {"when": "PT4H", "tell": "manager"}
    {"when": "P2D", "tell": "role", "role": "IT managers", "add": true}

    {"when": "P3D", "tell": "person", "person": "mara@example.com", "add": true}
    {"when": "P2D", "tell": "deputy", "give": true}

A reminder takes nothing away: whoever has the task keeps it. With `add` the members of the company
role may do it as well, or without a role the manager, the deputy or the person who is told. With
`give` the one who is told is given it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
    PERSON = "person"
    TICKET_ADMINS = "ticket_admins"


# Who is one person, so that `add` means them where it names no company role.
ONE_PERSON: Final = (Tell.MANAGER, Tell.DEPUTY, Tell.PERSON)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One of a task's.

    `role` is the company role that is told or added, as it is held: its name in documents, its
    number in definitions that are kept. `person` is who is told, likewise: their e-mail address,
    or their number. `is_further`: another one before it comes at the same time to the same people,
    but for their company role.
    """

    when: Moment
    tell: Tell = Tell.WORKER
    role: str | int | None = None
    adds: bool = False
    gives: bool = False
    text: str = ""
    person: str | int | None = None
    is_further: bool = False

    @property
    def name(self) -> str:
        """What tells it from the task's other reminders, also in another version."""
        said = f"{self.when.iso} > {self.tell}"
        if self.tell is Tell.PERSON and self.person:
            said = f"{said} {self.person}"
        return f"{said} role {self.role}" if self.is_further else said

    @property
    def adds_who_is_told(self) -> bool:
        """Whether the one person who is told may do the task as well from then on."""
        return self.adds and self.role is None and self.tell in ONE_PERSON

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
            person=_person_of(value.get("person")),
        )


def _person_of(value: Json) -> str | int | None:
    """Of an address, or of {"id": number, "email": address} as it is kept."""
    if isinstance(value, dict):
        number = value.get("id")
        return number if isinstance(number, int) else _person_of(value.get("email"))
    return value.strip() or None if isinstance(value, str) else None


def reminders_of(value: Json) -> Iterator[Reminder]:
    """Those of a task's `reminders`, each of a name of its own; what is none is left out."""
    names: set[str] = set()
    for each in value if isinstance(value, list) else []:
        found = Reminder.of(each)
        if found is not None:
            yield replace(found, is_further=True) if found.name in names else found
            names.add(found.name)


def canonical_reminders(value: Json) -> Json:
    """The one spelling of `reminders`, without what equals its default; None: there are none."""
    if not isinstance(value, list):
        return value
    return [_canonical(each) if isinstance(each, dict) else each for each in value] or None


def _canonical(value: JsonObject) -> JsonObject:
    made: JsonObject = {}
    for name in ("when", "tell", "role", "person", "add", "give", "text"):
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
