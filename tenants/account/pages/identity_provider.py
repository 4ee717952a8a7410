"""The page on which an admin sets up the company's identity provider."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from tenants.account.pages.company_log_in import lead_to
from tenants.companies.active_company import active_company
from tenants.errors import IdentityProviderError
from tenants.identity.flow import Purpose, back_to, begin
from tenants.identity.providers import (
    allow_people,
    forbid_person,
    remove_provider,
    save_provider,
    switch,
)
from tenants.models import Company, IdentityProvider, LinkedAccount, User
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tenants.pages.refusals import refusals_in

_MOST_SHOWN = 500
_LONGEST_LIST = 50_000


class ProviderForm(forms.Form):
    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        max_length=500,
        help_text=gettext_lazy("Its web address, exactly as the provider writes it."),
    )
    client_id = forms.CharField(label=gettext_lazy("Client ID"), max_length=500)
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "It is kept encrypted and never shown. Empty: the one that is kept."
        ),
    )
    email_domains = forms.CharField(
        label=gettext_lazy("Domains of e-mail addresses"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy(
            "With commas between them. At a first log-in only addresses of these count. Empty: any "
            "that the provider has verified."
        ),
    )
    counts_as_second_factor = forms.BooleanField(
        label=gettext_lazy("The provider asks for a second factor: ask for none here"),
        required=False,
    )

    def clean_email_domains(self) -> list[str]:
        names = self.cleaned_data["email_domains"].replace("@", "").split(",")
        return [each.strip() for each in names if each.strip()]


@register_page(User, "identity-provider/", name="tenants_user_identity_provider")
class IdentityProviderPage(Page):
    """Settings, a test, on and off, and who logs in through it.

    For the company's own admins: with it one can log in as anybody of the company.
    """

    permissions = ("tenants.change_user",)
    title = gettext_lazy("Identity provider")
    template_name = "account/identity_provider.html"
    menu = MenuEntry(MenuSection.COMPANY, icon="passkey", order=60)

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and not request.user.is_superuser

    @property
    def company(self) -> Company:
        company = active_company(self.request)
        if company is None:
            raise IdentityProviderError
        return company

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show()

    def post(self, request: HttpRequest) -> HttpResponse:
        acts = {
            "save": self._save,
            "test": self._test,
            "on": self._switch_on,
            "off": self._switch_off,
            "remove": self._remove,
            "allow": self._allow,
            "forbid": self._forbid,
        }
        act = acts.get(request.POST.get("verb", ""))
        return self.back() if act is None else act()

    def back(self) -> HttpResponse:
        return redirect("admin:tenants_user_identity_provider")

    def _save(self) -> HttpResponse:
        form = ProviderForm(self.request.POST)
        if form.is_valid():
            with refusals_in(form, IdentityProviderError):
                save_provider(company=self.company, **form.cleaned_data)
                messages.success(self.request, gettext("Saved. Try it now."))
        return self.back() if form.is_valid() else self._show(form=form)

    def _test(self) -> HttpResponse:
        provider = self._provider()
        address = begin(request=self.request, provider=provider, purpose=Purpose.TEST)
        return lead_to(self, address)

    def _switch_on(self) -> HttpResponse:
        only = self.request.POST.get("passwords_for_admins_only") == "1"
        switch(provider=self._provider(), on=True, passwords_for_admins_only=only)
        messages.success(self.request, gettext("People log in through it from now on."))
        return self.back()

    def _switch_off(self) -> HttpResponse:
        switch(provider=self._provider(), on=False, passwords_for_admins_only=False)
        messages.success(self.request, gettext("Nobody logs in through it any more."))
        return self.back()

    def _remove(self) -> HttpResponse:
        remove_provider(company=self.company)
        messages.success(self.request, gettext("The identity provider is removed."))
        return self.back()

    def _allow(self) -> HttpResponse:
        typed = self.request.POST.get("emails", "")[:_LONGEST_LIST].replace("\0", "")
        unknown = allow_people(provider=self._provider(), emails=typed.splitlines())
        if unknown:
            text = gettext("Nobody of your company has these e-mail addresses: %(emails).500s")
            messages.warning(self.request, text % {"emails": ", ".join(unknown)})
        else:
            messages.success(self.request, gettext("They can log in through it."))
        return self.back()

    def _forbid(self) -> HttpResponse:
        sent = self.request.POST.get("person", "")
        if sent.isascii() and sent.isdigit() and len(sent) < 18:
            forbid_person(company=self.company, pk=int(sent))
        return self.back()

    def _provider(self) -> IdentityProvider:
        found = IdentityProvider.objects.filter(company=self.company).first()
        if found is None:
            raise IdentityProviderError(gettext("Save the settings first."))
        found.company = self.company
        return found

    def _show(self, *, form: ProviderForm | None = None) -> HttpResponse:
        provider = IdentityProvider.objects.filter(company=self.company).first()
        code = "" if provider is None else provider.code
        linked = LinkedAccount.objects.filter(company=self.company).select_related("user")
        context: dict[str, Any] = {
            "form": form or ProviderForm(initial=_values(provider)),
            "provider": provider,
            "back_to": back_to(self.request),
            "log_in_address": self.request.build_absolute_uri(
                reverse("admin:company_log_in_at", args=[code])
            )
            if code
            else "",
            "linked": linked.order_by("user__email")[:_MOST_SHOWN],
            "opts": None,
        }
        return self.show(**context)


def _values(provider: IdentityProvider | None) -> dict[str, object]:
    if provider is None:
        return {}
    return {
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "email_domains": provider.email_domains.replace(",", ", "),
        "counts_as_second_factor": provider.counts_as_second_factor,
    }
