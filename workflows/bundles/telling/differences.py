"""What a bundle would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.problems import path_in_words, value_text
from workflows.engine.problems import Path, place
from workflows.engine.process import Json, JsonObject, objects_in


class ChangeKind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `old` is None where something is added, `new` where it is removed.

    `path` leads into the new document, but for what was removed: then into the old one.
    """

    kind: ChangeKind
    path: Path
    where: str
    old: Json
    new: Json

    @property
    def place(self) -> str:
        return place(self.path)

    @property
    def old_text(self) -> str:
        return value_text(self.old)

    @property
    def new_text(self) -> str:
        return value_text(self.new)


# The lists whose entries have names: an entry is compared with the one of the same name.
_NAMED: Final[Mapping[str, Sequence[str]]] = {
    "tasks": ("key",),
    "ticket_types": ("key",),
    "transitions": ("from", "to"),
    "company_roles": ("name",),
    "fields": ("name",),
    "tests": ("name",),
    "branches": ("key",),
    "starts": ("key",),
    "inputs": ("name",),
    "outputs": ("name",),
    "rows": ("when",),
}
_OBJECTS: Final = frozenset(
    {"workflow", "presets", "ticket", "submitter", "expect", "values", "table", "message"}
)


def differences(old: JsonObject, new: JsonObject) -> list[Change]:
    """What is different between two canonical bundles, in the order of the new one.

    Entries of lists are compared by their keys, so that one entry that was put in between
    is one change; a changed order is a change of its own.
    """
    return list(_Comparison(old, new).objects(old, new, ()))


class _Comparison:
    def __init__(self, old: JsonObject, new: JsonObject) -> None:
        self.old = old
        self.new = new

    def objects(self, old: JsonObject, new: JsonObject, path: Path) -> Iterator[Change]:
        for name in [*new, *(each for each in old if each not in new)]:
            inner = (*path, name)
            before, after = old.get(name), new.get(name)
            if name in _NAMED and _are_lists_of_objects(before, after):
                yield from self.lists(objects_in(before), objects_in(after), inner)
            elif name in _OBJECTS and isinstance(before, dict) and isinstance(after, dict):
                yield from self.objects(before, after, inner)
            elif name not in old:
                yield self._change(ChangeKind.ADDED, inner, None, after)
            elif name not in new:
                yield self._change(ChangeKind.REMOVED, inner, before, None)
            elif as_text(before) != as_text(after):
                yield self._change(ChangeKind.CHANGED, inner, before, after)

    def lists(
        self, old: Sequence[JsonObject], new: Sequence[JsonObject], path: Path
    ) -> Iterator[Change]:
        names = _NAMED[str(path[-1])]
        before, after = _by_name(old, names), _by_name(new, names)
        for name, (index, value) in after.items():
            if name in before:
                yield from self.objects(before[name][1], value, (*path, index))
            else:
                yield self._change(ChangeKind.ADDED, (*path, index), None, value)
        for name, (index, value) in before.items():
            if name not in after:
                yield self._change(ChangeKind.REMOVED, (*path, index), value, None)
        order_before = [_shown(name) for name in before if name in after]
        order_after = [_shown(name) for name in after if name in before]
        if order_before != order_after:
            yield self._change(ChangeKind.CHANGED, path, order_before, order_after)

    def _change(self, kind: ChangeKind, path: Path, old: Json, new: Json) -> Change:
        document = self.old if kind is ChangeKind.REMOVED else self.new
        return Change(kind, path, path_in_words(document, path), old, new)


def _by_name(
    entries: Sequence[JsonObject], names: Sequence[str]
) -> dict[tuple[str, ...], tuple[int, JsonObject]]:
    """The entries by their names; the second transition between two tasks has a 2 in its own."""
    found: dict[tuple[str, ...], tuple[int, JsonObject]] = {}
    for index, entry in enumerate(entries):
        name = tuple(_text_of(entry.get(each, "")) for each in names)
        number = 1
        while (key := (*name, str(number))) in found:
            number += 1
        found[key] = (index, entry)
    return found


def _text_of(value: Json) -> str:
    """Of a decision table's row, its cells: what is for any value has a line there."""
    if isinstance(value, list):
        return " | ".join(str(each) if each not in (None, "") else "-" for each in value)
    return str(value)


def _shown(name: tuple[str, ...]) -> Json:
    *words, number = name
    return " > ".join(words) + (f" ({number})" if number != "1" else "")


def _are_lists_of_objects(old: Json, new: Json) -> bool:
    return all(each is None or isinstance(each, list) for each in (old, new))
