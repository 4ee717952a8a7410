"""How a page stands in the sidebar.

The lists' own entries are in project/admin_site/navigation.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class MenuSection(StrEnum):
    """The sections of the sidebar, from top to bottom."""

    START = "start"
    MY_WORK = "my_work"
    ALL_WORK = "all_work"
    DEFINITIONS = "definitions"
    COMPANY = "company"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """The lowest `order` of a section comes first. Without a `title` it has the page's."""

    section: MenuSection
    icon: str
    order: int
    title: StrOrPromise = ""
