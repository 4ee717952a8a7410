"""The base of the pages of one's own log-in: for everybody, inside a company or not."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tenants.pages.page import Page


class AccountPage(Page):
    """It needs no right but to be logged in. The admin site has its address."""

    permissions = ()
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return request.user.is_authenticated

    def shell(self) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().shell()}
