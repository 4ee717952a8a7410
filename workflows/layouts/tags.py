"""Template tags of the pages that show layouts."""

from __future__ import annotations

from django import template
from django.template.context import Context

from workflows.layouts.given import Layout
from workflows.layouts.on_page import LayoutsOnPage, PlacedLayout, layouts_on

register = template.Library()


@register.simple_tag(takes_context=True)
def place_layout(context: Context, layout: Layout | str | None) -> PlacedLayout | None:
    """The layout with its place on this page; None: there is none, or the page has enough."""
    if not isinstance(layout, Layout):
        return None
    request = context.get("request")
    page = LayoutsOnPage() if request is None else layouts_on(request)
    return page.place(layout)
