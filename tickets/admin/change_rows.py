"""Differences between two versions as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.admin.definition_rows import FIELD_TYPE_NAMES
from tickets.admin.problem_rows import showable
from workflows.bundles import Change, ChangeKind
from workflows.bundles.canonical import default_of
from workflows.bundles.problems import value_text
from workflows.engine.conditions import describe_condition
from workflows.engine.field_types import FieldType
from workflows.engine.process import Json, JsonObject

CONDITIONS: Final = frozenset({"condition", "visible_when"})

# What the entries of a list are called in the schema of bundles.
PARTS: Final[Mapping[str | int, str]] = {
    "workflow": "workflow",
    "tasks": "task",
    "transitions": "transition",
    "ticket_types": "ticket_type",
    "fields": "field",
}
KINDS: Final[Mapping[str, tuple[Any, str]]] = {
    "added": (gettext_lazy("added"), "add"),
    "changed": (gettext_lazy("changed"), "edit"),
    "removed": (gettext_lazy("removed"), "remove"),
}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One difference: what kind, where, and what stood and stands there."""

    kind: str
    kind_name: str
    icon: str
    where: str
    old: str
    new: str


def change_rows(
    changes: Iterable[Change],
    *,
    old_labels: Mapping[str, str],
    new_labels: Mapping[str, str],
) -> list[ChangeRow]:
    """`old_labels` and `new_labels` name the variables of each version's conditions."""
    return [_row(_with_default(each), old_labels, new_labels) for each in changes]


def _row(change: Change, old_labels: Mapping[str, str], new_labels: Mapping[str, str]) -> ChangeRow:
    kind = change.kind.value
    return ChangeRow(
        kind=kind,
        kind_name=str(KINDS[kind][0]),
        icon=KINDS[kind][1],
        where=showable(change.where),
        old=_words(change, change.old, old_labels) if kind != "added" else "",
        new=_words(change, change.new, new_labels) if kind != "removed" else "",
    )


def _with_default(change: Change) -> Change:
    """A bundle leaves out what has its default; for people that is a value like any other."""
    path = change.path
    if change.kind is ChangeKind.CHANGED or len(path) < 2 or not isinstance(path[-1], str):
        return change
    owner = path[-3] if isinstance(path[-2], int) and len(path) > 2 else path[-2]
    default = default_of(PARTS[owner], path[-1]) if owner in PARTS else None
    if default is None:
        return change
    if change.kind is ChangeKind.ADDED:
        return replace(change, kind=ChangeKind.CHANGED, old=default)
    return replace(change, kind=ChangeKind.CHANGED, new=default)


def _words(change: Change, value: Json, labels: Mapping[str, str]) -> str:
    if change.path and change.path[-1] in CONDITIONS:
        return showable(describe_condition(value, labels))
    if change.path and change.path[-1] == "type":
        return _type_name(value)
    if isinstance(value, dict) and change.path and isinstance(change.path[-1], int):
        return showable(", ".join(_entry_words(value, labels)))
    return showable(_value_words(value))


def _value_words(value: Json) -> str:
    """What is empty is said to be so: nothing at all would look like a mistake."""
    if value is None or value in ("", [], {}):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ", ".join(value_text(each) for each in value)
    return value_text(value)


def _entry_words(entry: JsonObject, labels: Mapping[str, str]) -> Iterator[str]:
    """A whole field, task, transition or ticket type in a few words."""
    for name in ("title", "label"):
        if entry.get(name):
            yield value_text(entry[name])
            break
    if "type" in entry:
        yield _type_name(entry["type"])
    if entry.get("required") is True:
        yield _("required")
    if "condition" in entry:
        yield describe_condition(entry["condition"], labels)


def _type_name(value: Json) -> str:
    known = [each for each in FieldType if each.value == value]
    return str(FIELD_TYPE_NAMES[known[0]]) if known else value_text(value)
