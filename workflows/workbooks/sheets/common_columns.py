"""Columns that several sheets have."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from workflows.workbooks.cells import kinds
from workflows.workbooks.sheets.sheet import Column

_KEY_NOTE: Final = gettext_lazy(
    "A short name in small letters, digits and underscores. It never changes."
)
_LINKS_NOTE: Final = gettext_lazy("Links, a line each: label | address | description")
_LAYOUT_NOTE: Final = gettext_lazy(
    "Source of a React component, or empty for the plain form or list."
)


def links_column() -> Column:
    return Column("ext_ref", "Links", kinds.LINKS, _LINKS_NOTE, 34)


def layout_column(name: str, heading: str) -> Column:
    return Column(name, heading, kinds.TEXT, _LAYOUT_NOTE, 16)


def key_column() -> Column:
    return Column("key", "Key", kinds.KEY, _KEY_NOTE, 22)


def title_column() -> Column:
    return Column("title", "Title", kinds.TEXT, gettext_lazy("The name that people see."), 28)


def description_column(note: object) -> Column:
    return Column("description", "Description", kinds.TEXT, note, 46)
