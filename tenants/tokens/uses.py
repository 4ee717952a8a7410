"""For what a token can be used at each door, as its operations and tools declare it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from tenants.models import User
from tenants.tokens.doors import Door
from tenants.tokens.scopes import FOR_ASSISTANTS, Scope


class Use(Protocol):
    """An operation of the API, or a tool of /mcp: it asks for this scope and these permissions."""

    @property
    def scope(self) -> Scope: ...

    @property
    def permissions(self) -> tuple[str, ...]: ...


_USES: Final[dict[Door, Callable[[], Iterable[Use]]]] = {}


def declare_uses(door: Door, find: Callable[[], Iterable[Use]]) -> None:
    """Say where those of a door stand: in `project/programs/`, where each door is put together."""
    _USES[door] = find


def uses_at(door: Door) -> list[Use]:
    """All that a door has."""
    return list(_USES[door]())


def scopes_at(door: Door) -> tuple[Scope, ...]:
    """Those that something at a door asks for, and that an assistant may have, as they are named.

    A program that a person connects is given no others: it could use them for nothing.
    """
    asked_for = {each.scope for each in uses_at(door)}
    return tuple(each for each in FOR_ASSISTANTS if each in asked_for)


def useful_scopes(person: User, *, door: Door) -> frozenset[Scope]:
    """The scopes with which this person, as their rights are now, is let do anything at a door."""
    return frozenset(each.scope for each in uses_at(door) if person.has_perms(each.permissions))
