"""The pages for who is not logged in, and what everybody may read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tenants.pages.page import Page


class VisitorPage(Page):
    """For who is not logged in; everybody else goes to their dashboard."""

    permissions = ()
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:index")


class LandingPage(VisitorPage):
    """What TicketFlower is."""

    template_name = "project/landing.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()


class AccessibilityPage(Page):
    """How well everybody can use it, what is missing, and whom to tell; for whoever asks."""

    permissions = ()
    needs_company = False
    template_name = "project/accessibility.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(contact=settings.ACCESSIBILITY_CONTACT)
