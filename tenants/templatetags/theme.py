"""The look of the installation, for pages that are drawn without Unfold."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def theme_colors() -> SafeString:
    """The palette as CSS variables, for pages outside Unfold: also when everything else fails."""
    colors = "".join(
        f"--color-{name}-{weight}:{value};"
        for name, weights in settings.UNFOLD["COLORS"].items()
        for weight, value in weights.items()
    )
    # Constants of the settings, nothing that a person typed.
    return mark_safe(  # noqa: S308  # nosec B308 B703
        f":root{{--border-radius:{settings.UNFOLD['BORDER_RADIUS']};{colors}}}"
    )
