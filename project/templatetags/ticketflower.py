"""Template tags of the shell around every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

from django import template
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.template.context import Context
from django.template.engine import Engine
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from project.admin_site.breadcrumbs import Crumb, breadcrumbs

register = template.Library()


@register.filter
def duration_since(moment: datetime) -> str:
    """Like `timesince`, which calls less than a minute “0 minutes”."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("less than a minute")
    return timesince(moment)


@register.simple_tag(takes_context=True)
def page_crumbs(context: Context) -> list[Crumb]:
    """The breadcrumbs of a page; none where there is no request to say where one is."""
    request = context.get("request")
    if not isinstance(request, HttpRequest):
        return []
    names = ("opts", "original", "object", "title", "crumb")
    return breadcrumbs(request, {name: context.get(name) for name in names})


@register.simple_tag
def list_count(cl: ChangeList) -> str:
    """How many rows a list has: “3 tickets”, also of the screen “My tickets”; or “1,050+”."""
    counted = getattr(cl.model_admin, "counted", None)
    if counted is not None:
        text = str(counted % {"count": cl.result_count})
    else:
        opts = (cl.opts.concrete_model or cl.model)._meta
        name = opts.verbose_name if cl.result_count == 1 else opts.verbose_name_plural
        text = f"{cl.result_count} {name}"
    if getattr(cl.paginator, "is_capped", False):
        count = str(cl.result_count)
        return text.replace(count, f"{number_format(count)}+", 1)
    return text


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
