"""The pages of the secret that a company's calls are signed with."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldBooleanWidget

from tenants.models import User
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from workflows.models import CompanyRole, SigningSecret
from workflows.signing.signing_secrets import (
    OVERLAP,
    current_secret,
    rotate_signing_secret,
    show_signing_secret,
)


class RotateForm(forms.Form):
    """A new secret: whoever asks for it must say that it is meant."""

    confirm = forms.BooleanField(
        label=gettext_lazy("The systems that check our signatures will be given the new secret."),
        error_messages={"required": gettext_lazy("Confirm that the new secret will be handed on.")},
        widget=UnfoldBooleanWidget,
    )


class _SecretPage(Page):
    """For the company's admins; what shows a secret is kept nowhere on the way."""

    permissions = ("workflows.change_signingsecret",)
    title = gettext_lazy("Signing secret")
    template_name = "signing/signing_secret.html"

    def back(self) -> HttpResponse:
        return redirect("admin:workflows_signingsecret")

    def show_secret(self, *, form: RotateForm, shown: str = "") -> HttpResponse:
        now = timezone.now()
        secret = current_secret(now=now)
        response = self.show(
            opts=None,
            secret=secret,
            shown=shown,
            may_show=ShowSecretPage.admits(self.request),
            replaced=SigningSecret.objects.active(now=now).exclude(pk=secret.pk),
            form=form,
            hours=int(OVERLAP.total_seconds() // 3600),
        )
        response["Cache-Control"] = "no-store"
        return response


@register_page(CompanyRole, "signing-secret/", name="workflows_signingsecret")
class SigningSecretPage(_SecretPage):
    """Which secret is in use, with the buttons of the other two."""

    menu = MenuEntry(MenuSection.COMPANY, icon="key", order=40)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show_secret(form=RotateForm())


@register_page(CompanyRole, "signing-secret/show/", name="workflows_signingsecret_show")
class ShowSecretPage(_SecretPage):
    """POST shows the secret, once; to nobody of another company, whoever runs the installation."""

    http_method_names = ["post"]

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_superuser and super().admits(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        shown = show_signing_secret(user=self.person, now=timezone.now())
        _log(self.person, gettext("Shown."))
        return self.show_secret(form=RotateForm(), shown=shown)


@register_page(CompanyRole, "signing-secret/rotate/", name="workflows_signingsecret_rotate")
class RotateSecretPage(_SecretPage):
    """POST makes a new secret."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RotateForm(request.POST)
        if not form.is_valid():
            return self.show_secret(form=form)
        rotate_signing_secret(now=timezone.now())
        _log(self.person, gettext("Replaced by a new one."))
        messages.success(
            request, gettext("There is a new secret. Show it, and hand it to the other systems.")
        )
        return self.back()


def _log(user: User, message: str) -> None:
    """Into the company's own log of what its admins did."""
    newest = current_secret(now=timezone.now())
    LogEntry.objects.log_actions(user.pk, [newest], CHANGE, message, single_object=True)
