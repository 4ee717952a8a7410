"""The layouts of one page: how many frames it has, and what it has written of them already.

A page may show many visits of one task: their layout and its questions are written once. Each
frame is a document with React in it, so that a page has a few and shows plain lists after them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from django.http import HttpRequest

from workflows.layouts.given import Layout

MOST_FRAMES: Final = 10
_NAME: Final = "layouts_on_page"


@dataclass(frozen=True, slots=True)
class PlacedLayout:
    """A layout with its place on the page. `shared` is None where it is written already.

    `key` is the id of the element that holds what is shared.
    """

    key: str
    shared: dict[str, Any] | None
    own: dict[str, Any]


@dataclass(slots=True)
class LayoutsOnPage:
    frames: int = 0
    written: set[str] = field(default_factory=set)

    def place(self, layout: Layout) -> PlacedLayout | None:
        """A frame more for this layout; None: the page has enough of them."""
        if self.frames >= MOST_FRAMES:
            return None
        self.frames += 1
        shared = {"source": layout.source, "fields": layout.fields}
        text = json.dumps(shared, sort_keys=True, default=str)
        key = f"layout-{sha256(text.encode()).hexdigest()[:16]}"
        is_new = key not in self.written
        self.written.add(key)
        own = {"data": layout.data, "texts": layout.texts}
        return PlacedLayout(key, shared if is_new else None, own)


def layouts_on(request: HttpRequest) -> LayoutsOnPage:
    """What the page that answers this request shows of layouts, from now on."""
    found = getattr(request, _NAME, None)
    if not isinstance(found, LayoutsOnPage):
        found = LayoutsOnPage()
        setattr(request, _NAME, found)
    return found


def has_layouts(request: HttpRequest) -> bool:
    """Whether `layouts_on` was asked for this request."""
    return hasattr(request, _NAME)
