"""The styles of an .ods file that change what a person reads (OpenDocument 1.3, part 3, 16)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from workflows.workbooks.formats.archive import attribute, elements, local_name
from workflows.workbooks.formats.number_format import MomentFormat

CELL: Final = "table-cell"
TEXT: Final = "text"
TABLE: Final = "table"
_MOMENT_STYLES: Final = frozenset({"date-style", "time-style"})
_MOST_PARENTS: Final = 20


@dataclass(slots=True)
class OdsStyle:
    """What one style says itself; None where it says nothing, so that its parent counts."""

    parent: str = ""
    struck: bool | None = None
    format: str = ""
    is_hidden: bool = False
    rules: list[str] = field(default_factory=list)


class OdsStyles:
    """All styles of a file, by family and name. A style has what its parents have."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._styles: dict[tuple[str, str], OdsStyle] = {}
        self._moments: dict[str, MomentFormat] = {}
        for part in parts:
            for element in elements(part, {"style", *_MOMENT_STYLES}):
                if local_name(element.tag) == "style":
                    self._keep(element)
                else:
                    self._moments[attribute(element, "name")] = _moment_format(element)

    def is_struck(self, family: str, name: str) -> bool | None:
        """Whether a style strikes out; None where it says nothing about it."""
        found = (each.struck for each in self._line(family, name))
        return next((each for each in found if each is not None), None)

    def is_hidden(self, name: str) -> bool:
        """Whether a sheet of this style is hidden."""
        return any(each.is_hidden for each in self._line(TABLE, name))

    def moment_format(self, name: str) -> MomentFormat | None:
        """What cells of this style show of a date or a time; None where that is not known."""
        found = next((each.format for each in self._line(CELL, name) if each.format), "")
        return self._moments.get(found)

    def has_rules_that_matter(self, name: str) -> bool:
        """Whether a rule gives cells of this style another look that changes what is read."""
        return any(
            self.changes_what_is_read(rule)
            for each in self._line(CELL, name)
            for rule in each.rules
        )

    def changes_what_is_read(self, name: str) -> bool:
        """Whether a look that a rule gives strikes out, or has a format of its own."""
        own = self._styles.get((CELL, name))
        return bool(self.is_struck(CELL, name) or (own is not None and own.format))

    def _line(self, family: str, name: str) -> Iterable[OdsStyle]:
        """A style and those that it is made from."""
        for _step in range(_MOST_PARENTS):
            style = self._styles.get((family, name))
            if style is None:
                return
            yield style
            name = style.parent

    def _keep(self, element: Element) -> None:
        style = OdsStyle(
            parent=attribute(element, "parent-style-name"),
            format=attribute(element, "data-style-name"),
        )
        for each in element:
            kind = local_name(each.tag)
            if kind == "text-properties":
                style.struck = _struck(each)
            elif kind == "table-properties":
                style.is_hidden = attribute(each, "display") == "false"
            elif kind == "map":
                style.rules.append(attribute(each, "apply-style-name"))
        for name in {attribute(element, "name"), attribute(element, "display-name")} - {""}:
            self._styles[attribute(element, "family"), name] = style


def _struck(properties: Element) -> bool | None:
    line, kind = (attribute(properties, f"text-line-through-{each}") for each in ("style", "type"))
    if not line and not kind:
        return None
    return (line or "solid") != "none" and (kind or "single") != "none"


def _moment_format(style: Element) -> MomentFormat:
    """The parts of a date or a time that a style shows."""
    parts = {local_name(each.tag) for each in style}
    is_cut = attribute(style, "truncate-on-overflow") == "false"
    return MomentFormat(
        day=bool(parts & {"day", "day-of-week", "month", "year", "quarter", "week-of-year"}),
        time=bool(parts & {"hours", "minutes", "seconds"}),
        seconds="seconds" in parts,
        is_whole_day={"day", "month", "year"} <= parts,
        is_elapsed=is_cut,
    )
