"""Template tags of the shell around every page."""

from __future__ import annotations

from types import SimpleNamespace

from django import template
from django.template.context import Context
from django.template.engine import Engine
from django.utils.safestring import SafeString, mark_safe

from project.theme import BORDER_RADIUS, COLORS

register = template.Library()


@register.simple_tag
def theme_colors() -> SafeString:
    """The palette as CSS variables, for pages outside Unfold: also when everything else fails."""
    colors = "".join(
        f"--color-{name}-{weight}:{value};"
        for name, weights in COLORS.items()
        for weight, value in weights.items()
    )
    # Constants of ours, nothing that a person typed.
    return mark_safe(f":root{{--border-radius:{BORDER_RADIUS};{colors}}}")  # noqa: S308


@register.simple_tag(takes_context=True)
def unfold_for_everybody(context: Context, name: str) -> SafeString:
    """Unfold's own template of this name, rendered for everybody who is logged in.

    Unfold shows the command palette and the help on shortcuts to staff only. Here people are
    let in by role and nobody but superusers is staff, yet the shortcuts are bound for all:
    without their window `?` only dims the page.
    """
    request = context.get("request")
    if not context.get("has_permission") or request is None:
        return SafeString("")
    engine = Engine.get_default()
    ours, _origin = engine.find_template(name)
    original, _origin = engine.find_template(name, skip=[ours.origin])
    staff = SimpleNamespace(user=SimpleNamespace(is_staff=True), META=request.META)
    with context.push(request=staff):
        return original.render(context)
