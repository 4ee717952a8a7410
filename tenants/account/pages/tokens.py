"""One's own tokens: which there are, making one, and taking one back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from tenants.account.pages.account_page import AccountPage
from tenants.account.pages.token_form import TokenForm, revoke_chosen, token_list
from tenants.errors import TokenError
from tenants.models import AccessToken, User
from tenants.refusals import refusals


class OwnTokensPage(AccountPage):
    """Lists them; POST revokes one, at once and without more questions."""

    title = gettext_lazy("My tokens")
    template_name = "account/tokens.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        """Superusers belong to no company, in which a token could act."""
        return isinstance(request.user, User) and request.user.company_id is not None

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(**token_list(AccessToken.objects.of_owner(self.person), request))

    def post(self, request: HttpRequest) -> HttpResponse:
        own = AccessToken.objects.of_owner(self.person)
        token = revoke_chosen(request.POST.get("token", ""), own)
        if token is None:
            messages.info(request, gettext("This token is not there any more."))
        else:
            text = gettext("“%(name)s” does not count any more.")
            messages.success(request, text % {"name": token})
        return redirect("admin:account_tokens")


class NewOwnTokenPage(OwnTokensPage):
    """Makes one, after the password was asked for again, and shows it once."""

    title = gettext_lazy("New token")
    template_name = "account/new_token.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(TokenForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TokenForm(request.POST)
        if form.is_valid():
            with refusals(TokenError) as refused:
                return self.page(form, made=form.make(owner=self.person, by=self.person))
            form.refuse(refused.error)
        return self.page(form)

    def page(self, form: TokenForm, **more: Any) -> HttpResponse:
        response = self.show(form=form, **more)
        response["Cache-Control"] = "no-store"
        return response
