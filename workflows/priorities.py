"""How urgent a ticket is: its priorities, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Priority(StrEnum):
    """In the order in which they are chosen; NORMAL is that of a ticket that says nothing."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @classmethod
    def named(cls, name: object) -> Priority:
        """The priority of this name; NORMAL for anything else."""
        return cls(name) if isinstance(name, str) and name in tuple(cls) else cls.NORMAL

    @property
    def stored(self) -> str:
        """As a ticket keeps it: empty for NORMAL, as of the tickets that there were before."""
        return "" if self is Priority.NORMAL else self.value


@dataclass(frozen=True, slots=True)
class PriorityScreen:
    """What a priority is called, and the colour of that."""

    name: StrOrPromise
    tone: str


SCREENS: Final[Mapping[Priority, PriorityScreen]] = {
    Priority.LOW: PriorityScreen(_("Low"), "plain"),
    Priority.NORMAL: PriorityScreen(_("Normal"), "plain"),
    Priority.HIGH: PriorityScreen(_("High"), "warn"),
    Priority.URGENT: PriorityScreen(_("Urgent"), "bad"),
}


def priority_choices() -> list[tuple[str, StrOrPromise]]:
    return [(each.value, screen.name) for each, screen in SCREENS.items()]


def urgency(column: str) -> Case:
    """To sort by: 0 for what is urgent, and more for what is less so."""
    order = list(reversed(Priority))
    whens = [When(**{column: each.stored}, then=Value(place)) for place, each in enumerate(order)]
    usual = Value(order.index(Priority.NORMAL))
    return Case(*whens, default=usual, output_field=IntegerField())
