"""The styles of an .xlsx file that change what a person reads (ECMA-376, part 1, 18.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from workflows.workbooks.formats.archive import Archive, attribute, local_name
from workflows.workbooks.formats.number_format import BUILT_IN, GENERAL

_LISTS: Final = frozenset({"numFmts", "fonts", "cellXfs", "dxfs"})


@dataclass(frozen=True, slots=True)
class Style:
    """How cells look: the code of their number format, and whether they are struck out."""

    code: str = GENERAL
    is_struck: bool = False


PLAIN: Final = Style()


@dataclass(slots=True)
class Styles:
    """`rules_that_matter` are the numbers of looks that rules (conditional formatting) may give to
    cells, and that strike out or show values in another format.
    """

    styles: list[Style] = field(default_factory=list)
    rules_that_matter: set[str] = field(default_factory=set)

    def of(self, number: str) -> Style:
        """The style of a cell that names it by number; a plain one for what is none."""
        at = int(number) if number.isdigit() and len(number) <= 6 else 0
        return self.styles[at] if at < len(self.styles) else PLAIN


def read_styles(archive: Archive, part: str) -> Styles:
    """The styles in this part; plain ones where there is no such part."""
    found = Styles()
    if part not in archive.names:
        return found
    codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
    struck: list[bool] = []
    for element in archive.elements(part, _LISTS):
        kind = local_name(element.tag)
        if kind == "numFmts":
            codes |= {attribute(e, "numFmtId"): attribute(e, "formatCode") for e in element}
        elif kind == "fonts":
            struck = [_is_struck(each) for each in element]
        elif kind == "cellXfs":
            found.styles = [_style(each, codes, struck) for each in element]
        else:
            rules = {str(at) for at, each in enumerate(element) if _changes_what_is_read(each)}
            found.rules_that_matter = rules
    return found


def is_off(element: Element) -> bool:
    return attribute(element, "val") in {"0", "false"}


def _style(element: Element, codes: dict[str, str], struck: list[bool]) -> Style:
    font = attribute(element, "fontId")
    at = int(font) if font.isdigit() and len(font) <= 6 else len(struck)
    code = codes.get(attribute(element, "numFmtId"), GENERAL) or GENERAL
    is_general = code.casefold() == GENERAL.casefold()
    return Style(GENERAL if is_general else code, at < len(struck) and struck[at])


def _is_struck(font: Element) -> bool:
    return any(local_name(each.tag) == "strike" and not is_off(each) for each in font)


def _changes_what_is_read(look: Element) -> bool:
    """Whether a rule's look strikes out, or shows values in another format."""
    return any(
        local_name(each.tag) == "numFmt" or (local_name(each.tag) == "font" and _is_struck(each))
        for each in look
    )
