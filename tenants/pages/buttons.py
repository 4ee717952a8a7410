"""How a page is offered on the pages of its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to a page; the lowest `order` comes first.

    `posts`: it does something at once, and is a form with a button. `template` draws it in another
    way. Buttons of one `group` also stand as tabs on each other's pages.
    """

    text: StrOrPromise
    icon: str
    order: int
    posts: bool = False
    is_main: bool = False
    template: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class ListButton:
    """Leads from a list to a page; the lowest `order` comes first.

    `when_empty` is what the button says that an empty list offers; one page of a list has it.
    `only_where_roomy`: it is left out on a phone.
    """

    text: StrOrPromise
    icon: str
    order: int
    is_main: bool = False
    only_where_roomy: bool = False
    when_empty: StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class ShownButton[B: Button | ListButton]:
    """A button that this person may use, with where it leads."""

    button: B
    url: str

    @property
    def variant(self) -> str:
        """What Unfold calls how a button looks."""
        return "primary" if self.button.is_main else "default"
