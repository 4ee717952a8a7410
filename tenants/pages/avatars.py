"""A person's picture, or their initials where they have none, beside their name."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.models import User

_SMALL: Final = "w-8 h-8 text-xs"
_LARGE: Final = "w-16 h-16 text-lg"


def avatar(person: User, *, large: bool = False) -> SafeString:
    """Nothing for who hears the page: the name stands beside it. Asks the database nothing."""
    size = _LARGE if large else _SMALL
    if person.avatar_url:
        return format_html(
            '<img src="{}" alt="" loading="lazy" class="{} shrink-0 rounded-full object-cover">',
            person.avatar_url,
            size,
        )
    return format_html(
        '<span class="{} flex shrink-0 items-center justify-center rounded-full bg-primary-600'
        ' text-white font-semibold" aria-hidden="true">{}</span>',
        size,
        person.initials,
    )
