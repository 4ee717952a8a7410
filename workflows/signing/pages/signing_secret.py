"""The pages of the secret that a company's calls are signed with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from unfold.widgets import UnfoldBooleanWidget

from tenants.active_company import active_company
from tenants.errors import EncryptionError
from tenants.models import User
from workflows.errors import SecretShownError
from workflows.models import SigningSecret
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


def signing_secret_urls(admin_site: admin.AdminSite) -> list[URLPattern]:
    """The page, and its two buttons, for the `get_urls` of a model admin."""

    def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        return admin_site.admin_view(_for_admins(view))

    def page(request: HttpRequest) -> HttpResponse:
        return _page(admin_site, request, form=RotateForm())

    def show(request: HttpRequest) -> HttpResponse:
        return _show(admin_site, request)

    def rotate(request: HttpRequest) -> HttpResponse:
        return _rotate(admin_site, request)

    return [
        path(
            "signing-secret/",
            guarded(require_safe(page)),
            name="workflows_signingsecret",
        ),
        path(
            "signing-secret/show/",
            guarded(require_POST(show)),
            name="workflows_signingsecret_show",
        ),
        path(
            "signing-secret/rotate/",
            guarded(require_POST(rotate)),
            name="workflows_signingsecret_rotate",
        ),
    ]


def _for_admins(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def guarded(request: HttpRequest) -> HttpResponse:
        allowed = request.user.has_perm("workflows.change_signingsecret")
        if active_company(request) is None or not allowed:
            raise PermissionDenied
        return view(request)

    return guarded


def _page(
    admin_site: admin.AdminSite, request: HttpRequest, *, form: RotateForm, shown: str = ""
) -> HttpResponse:
    now = timezone.now()
    secret = current_secret(now=now)
    context: dict[str, Any] = {
        **admin_site.each_context(request),
        "title": gettext("Signing secret"),
        "secret": secret,
        "shown": shown,
        "replaced": SigningSecret.objects.active(now=now).exclude(pk=secret.pk),
        "form": form,
        "hours": int(OVERLAP.total_seconds() // 3600),
    }
    response = TemplateResponse(request, "signing/signing_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _show(admin_site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    user = _user(request)
    try:
        shown = show_signing_secret(user=user, now=timezone.now())
    except (SecretShownError, EncryptionError) as error:
        messages.error(request, str(error))
        return _back()
    _log(user, gettext("Shown."))
    return _page(admin_site, request, form=RotateForm(), shown=shown)


def _rotate(admin_site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    form = RotateForm(request.POST)
    if not form.is_valid():
        return _page(admin_site, request, form=form)
    rotate_signing_secret(now=timezone.now())
    _log(_user(request), gettext("Replaced by a new one."))
    messages.success(
        request, gettext("There is a new secret. Show it, and hand it to the other systems.")
    )
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:workflows_signingsecret"))


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _log(user: User, message: str) -> None:
    """Into the company's own log of what its admins did."""
    newest = current_secret(now=timezone.now())
    LogEntry.objects.log_actions(user.pk, [newest], CHANGE, message, single_object=True)
