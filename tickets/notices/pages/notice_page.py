from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tenants.models import User
from tenants.pages.page import Page


class NoticePage(Page):
    """The base of the pages about what one is told: one's own, for everybody of a company.

    A superuser who looks into a company is told nothing in it. The admin site has the addresses.
    """

    permissions = ()

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and has_notices(request.user)

    def shell(self) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().shell()}


def has_notices(person: object) -> bool:
    return isinstance(person, User) and person.company_id is not None


def id_of(text: object) -> int | None:
    """The number of a notice that somebody has typed or sent; None: it cannot be one."""
    value = str(text or "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None
