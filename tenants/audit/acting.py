"""Who acts: known once for a request, so that services need not be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # manage.py says which command acts before there are models
    from tenants.models import User


class ActorKind(StrEnum):
    """What an actor is. The values stand in the database."""

    PERSON = "person"  # of the company
    SUPERUSER = "superuser"  # on behalf of the company, or of the installation
    VISITOR = "visitor"  # who has not logged in
    SYSTEM = "system"  # a job, a command, a callback


@dataclass(frozen=True, slots=True)
class Through:
    """By what a person acts: a token of theirs, and which assistant uses it (empty: a program)."""

    token: str
    number: int
    assistant: str = ""

    def as_kept(self) -> dict[str, str | int]:
        """As it stands in the data of an event."""
        return {"token": self.token, "number": self.number, "assistant": self.assistant}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the log keeps it: names change, and people are erased."""

    kind: ActorKind
    id: int | None = None
    name: str = ""  # and e-mail address
    sender: str = ""  # the network address of their browser; empty: none, or unknown
    through: Through | None = None  # None: they do it themselves


SYSTEM: Final = Actor(ActorKind.SYSTEM)
_acting: ContextVar[Actor] = ContextVar("acting", default=SYSTEM)


def actor_of(person: User, *, sender: str = "", through: Through | None = None) -> Actor:
    """A person as an actor."""
    name = person.get_full_name()
    return Actor(
        kind=ActorKind.SUPERUSER if person.is_superuser else ActorKind.PERSON,
        id=person.pk,
        name=f"{name} <{person.email}>" if name else person.email,
        sender=sender,
        through=through,
    )


def through_of(person_id: int | None) -> Through | None:
    """By what this person acts now, where it is they who act."""
    actor = _acting.get()
    return actor.through if person_id is not None and actor.id == person_id else None


def command(name: str) -> Actor:
    """What somebody has started on the server, who is not known: a command of manage.py."""
    return Actor(ActorKind.SYSTEM, name=name)


def visitor(*, sender: str) -> Actor:
    """Somebody whom we do not know."""
    return Actor(ActorKind.VISITOR, sender=sender)


def current_actor(person: User | None = None) -> Actor:
    """Who acts in this request, or which command; else the person for whom a job does it.

    The system where nobody is known.
    """
    actor = _acting.get()
    return actor_of(person) if actor == SYSTEM and person is not None else actor


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Let what is recorded meanwhile be theirs."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)
