from __future__ import annotations

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from project.forms import EmailLoginForm
from tenants.models import User


class TicketFlowerAdminSite(UnfoldAdminSite):
    """The admin for everybody who may log in; each screen then guards itself."""

    login_form = EmailLoginForm

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        return user.is_superuser or user.company is not None
