"""Coloured words and long texts of lists: the same everywhere."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString


def badge(text: object, tone: str = "plain") -> SafeString:
    """`tone` is a CSS class of app.css without its beginning: good, bad, warn, info, plain."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def clipped(text: object) -> SafeString:
    """A text of a list that may be long: two lines of it are shown."""
    return format_html('<span class="tk-clip">{}</span>', text)
