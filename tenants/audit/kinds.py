"""The kinds of events in the audit log. A subject declares its own, beside the service that
records them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LONGEST_NAME = 60


class Group(StrEnum):
    """What kinds are about: the part of their names before the point."""

    ACCOUNT = "account"
    PEOPLE = "people"
    COMPANY = "company"
    DEFINITIONS = "definitions"
    TICKETS = "tickets"
    FILES = "files"
    SUPERUSERS = "superusers"
    ASSISTANTS = "assistants"


GROUP_TITLES: Mapping[Group, StrPromise] = {
    Group.ACCOUNT: _("Log-ins and passwords"),
    Group.PEOPLE: _("People and roles"),
    Group.COMPANY: _("Settings and secrets"),
    Group.DEFINITIONS: _("Workflows and ticket types"),
    Group.TICKETS: _("Repairs of tickets"),
    Group.FILES: _("Files, uploads and downloads"),
    Group.SUPERUSERS: _("Superusers"),
    Group.ASSISTANTS: _("What assistants did"),
}


@dataclass(frozen=True, slots=True)
class AuditKind:
    """A kind of event: `name` stands in the database, `title` is what people read of it."""

    name: str
    title: StrPromise

    @property
    def group(self) -> Group:
        return Group(self.name.partition(".")[0])


_declared: dict[str, AuditKind] = {}


def declare(name: str, title: StrPromise) -> AuditKind:
    """Make a kind of event known: `name` is a group, a point and a word.

    It never changes: events have it for ever.

    Raises:
        ValueError: the name is too long or of no group, or another kind has it.
    """
    group, point, _word = name.partition(".")
    if name in _declared or len(name) > LONGEST_NAME or not point or group not in Group:
        raise ValueError(f"“{name}” cannot be the name of a kind of audit event.")
    _declared[name] = kind = AuditKind(name, title)
    return kind


def declared_kinds() -> Mapping[str, AuditKind]:
    """All kinds by their names."""
    return MappingProxyType(_declared)


def kinds_of(group: str) -> list[str]:
    """The names of the kinds of a group."""
    return [name for name, kind in _declared.items() if kind.group == group]


def title_of(name: str) -> str:
    """What people read of a kind; its name where this code does not know it (any more)."""
    kind = _declared.get(name)
    return name if kind is None else str(kind.title)
