"""A sheet of a workbook and its columns, and all the names that are read as theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from workflows.bundles.document import synonyms
from workflows.workbooks.cells.kind import Kind

FORM_COLUMN: Final = "form"
BLOCK_COLUMN: Final = "block"
TYPE_COLUMN: Final = "ticket_type"
TICKET: Final = "ticket"
READ_ME: Final = "Read me"
LONG_TEXTS: Final = "Long texts"
YES_NO: Final = ("yes", "no")
STATUSES: Final = ("COMPLETED", "WAITING", "ERROR", "CANCELLED")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name in the document, the heading, and what a cell holds.

    `aliases` are other headings for it, beside those of workflows.bundles.document.synonyms.
    `options` are the values of a drop-down list, beside which others may be written where it
    `is_open`; `options_of` takes them from the first column
    of a sheet instead, where people add to them, so that other values are let through.
    """

    name: str
    heading: str
    kind: Kind
    note: object
    width: int = 16
    aliases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    options_of: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: the name of its list in the document, and its columns.

    `is_needed` where no bundle can do without it.
    """

    name: str
    part: str
    columns: tuple[Column, ...]
    aliases: tuple[str, ...] = ()
    is_needed: bool = False


def plain(heading: object) -> str:
    """A heading or a sheet's name as they are compared: letters and digits in small letters."""
    return synonyms.plain(str(heading))


def headings(sheet: Sheet) -> Mapping[str, Column]:
    """Each column under all the headings that stand for it; the real ones come first."""
    found: dict[str, Column] = {}
    for column in sheet.columns:
        found.setdefault(plain(column.heading), column)
    part = synonyms.part_of_entries(sheet.part)
    for column in sheet.columns:
        for other in (column.name, *column.aliases, *synonyms.synonyms_of(part, column.name)):
            found.setdefault(plain(other), column)
    return found


def names_of_sheet(sheet: Sheet) -> set[str]:
    """All that a sheet may be called, as it is compared."""
    others = (*sheet.aliases, *synonyms.synonyms_of("bundle", sheet.part))
    return {plain(each) for each in (sheet.name, sheet.part, *others)}
