"""Differences between two versions as rows of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy

from workflows.bundles.telling.describe_changes import DescribedChange

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


def change_rows(changes: Iterable[DescribedChange]) -> list[ChangeRow]:
    return [
        ChangeRow(
            kind=each.kind,
            kind_name=str(KINDS[each.kind][0]),
            icon=KINDS[each.kind][1],
            where=each.where,
            old=each.old,
            new=each.new,
        )
        for each in changes
    ]
