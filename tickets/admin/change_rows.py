"""Differences between two versions as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.admin.definition_rows import FIELD_TYPE_NAMES
from tickets.admin.problem_rows import showable
from workflows.bundles import Change
from workflows.bundles.problems import value_text
from workflows.engine.conditions import describe_condition
from workflows.engine.field_types import FieldType
from workflows.engine.process import Json, JsonObject

CONDITIONS: Final = frozenset({"condition", "visible_when"})

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
    return [
        ChangeRow(
            kind=each.kind.value,
            kind_name=str(KINDS[each.kind.value][0]),
            icon=KINDS[each.kind.value][1],
            where=showable(each.where),
            old=_words(each, each.old, old_labels) if each.kind.value != "added" else "",
            new=_words(each, each.new, new_labels) if each.kind.value != "removed" else "",
        )
        for each in changes
    ]


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
