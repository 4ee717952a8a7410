"""The kinds of events in the audit log. A subject declares its own, beside the service that
records them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class AuditKind:
    """A kind of event: `name` stands in the database, `title` is what people read of it."""

    name: str
    title: StrPromise


_declared: dict[str, AuditKind] = {}


def declare(name: str, title: StrPromise) -> AuditKind:
    """Make a kind of event known. `name` never changes: events have it for ever.

    Raises:
        ValueError: the name is too long, or another kind has it.
    """
    if name in _declared or len(name) > LONGEST_NAME:
        raise ValueError(f"“{name}” cannot be the name of a kind of audit event.")
    _declared[name] = kind = AuditKind(name, title)
    return kind


def declared_kinds() -> Mapping[str, AuditKind]:
    """All kinds by their names."""
    return MappingProxyType(_declared)
