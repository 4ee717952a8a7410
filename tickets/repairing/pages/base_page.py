"""What the pages for ticket admins have in common: who may see them."""

from __future__ import annotations

from django.http import HttpRequest

from tenants.models import User
from tenants.pages.page import Page
from tickets.repairing.begin_repair import may_repair


class RepairingPage(Page):
    """A page for ticket admins; the services ask again."""

    permissions = ("tickets.change_ticket",)

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        user = request.user
        return super().admits(request) and isinstance(user, User) and may_repair(user)
