"""What a link in a mail leads to, by which somebody gets in who is not logged in."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from tenants.pages.page import Page


class LinkPage(Page):
    """GET changes nothing: programs look at links in mails, too. Nothing of it is kept anywhere."""

    permissions = ()
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        messages.info(self.request, gettext("Log out first; then open the link once more."))
        return redirect("admin:index")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.answer(None, str(arguments["token"]))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.answer(request.POST, str(arguments["token"]))

    @abstractmethod
    def answer(self, sent: Any, token: str) -> HttpResponse:
        """`sent` is None where nothing was sent yet."""

    def no_store(self, response: HttpResponse) -> HttpResponse:
        response["Cache-Control"] = "no-store"
        return response
