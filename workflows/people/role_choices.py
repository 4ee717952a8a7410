from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.roles import ROLE_DESCRIPTIONS, SystemRole


def role_choices() -> list[tuple[str, SafeString]]:
    """Each system role with what it may do, as the label of a checkbox."""
    return [
        (
            role.value,
            format_html(
                '<span class="whitespace-normal"><strong class="font-semibold">{}</strong> {}'
                "</span>",
                role.label,
                ROLE_DESCRIPTIONS[role],
            ),
        )
        for role in SystemRole
    ]
