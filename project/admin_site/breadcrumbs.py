"""Where a page stands: the entry of the sidebar, what the page is about, and the page itself.

Unfold's own begin with Django's apps (“Workflows”, then “Workflow definitions”), which nobody
here knows, and end before pages beside an object's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import Model
from django.db.models.options import Options
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from project.admin_site.navigation import current_url, sections_for


@dataclass(frozen=True, slots=True)
class Crumb:
    """`url` is empty for the page that one is on, and for what this person may not see."""

    title: str
    url: str = ""


def breadcrumbs(request: HttpRequest, context: Mapping[str, Any]) -> list[Crumb]:
    """The way to a page, from its context: `opts`, `original` or `object`, `title`.

    `crumb` says what a page beside an object's own is called, where its title is the object's.
    """
    crumbs: list[Crumb] = []
    if first := _entry(request) or _list(request, context.get("opts")):
        crumbs.append(first)
    about = context.get("original") or context.get("object")
    if isinstance(about, Model):
        crumbs.append(Crumb(str(about), _page_of(request, about)))
    here = context.get("crumb")
    if not here and not (crumbs and request.path == crumbs[-1].url):
        here = context.get("title")
        known = {each.title for each in crumbs} | {str(getattr(about, "title", ""))}
        here = "" if str(here or "") in known else here
    if here:
        crumbs.append(Crumb(str(here)))
    return [Crumb(each.title, "" if request.path == each.url else each.url) for each in crumbs]


def _entry(request: HttpRequest) -> Crumb | None:
    """The entry of the sidebar to which the page belongs."""
    links = {link.url: link for _section, links in sections_for(request) for link in links}
    url = current_url(request.path, list(links))
    return Crumb(str(links[url].entry.title), url) if url else None


def _list(request: HttpRequest, opts: object) -> Crumb | None:
    """The list of a screen that does not stand in the sidebar."""
    if not isinstance(opts, Options):
        return None
    try:
        screen = admin.site.get_model_admin(opts.model)
    except NotRegistered:
        return None
    title = str(getattr(screen, "list_title", "")) or capfirst(str(opts.verbose_name_plural))
    if not screen.has_view_permission(request):
        return Crumb(title)
    return Crumb(title, _address(opts, "changelist"))


def _page_of(request: HttpRequest, about: Model) -> str:
    try:
        screen = admin.site.get_model_admin(type(about))
    except NotRegistered:
        return ""
    may_see = screen.has_view_permission(request, about)
    return _address(about._meta, "change", about.pk) if may_see else ""


def _address(opts: Options[Any], name: str, *arguments: object) -> str:
    try:
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=arguments)
    except NoReverseMatch:
        return ""
