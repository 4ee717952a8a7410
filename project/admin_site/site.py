from __future__ import annotations

import functools
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from project.admin_site.command_palette import find
from project.admin_site.navigation import sidebar
from project.admin_site.script_texts import script_texts
from project.admin_site.theme import as_one_declaration
from tenants.account.pages.address import AddressPage
from tenants.account.pages.company_log_in import (
    CompanyLogInAtPage,
    CompanyLogInBackPage,
    CompanyLogInPage,
    OwnCompanyLogInPage,
)
from tenants.account.pages.log_in import LogInView, PasskeyLogInPage, SecondFactorPage
from tenants.account.pages.log_in_form import EmailLoginForm
from tenants.account.pages.own_password_form import OwnPasswordForm
from tenants.account.pages.picture import PicturePage
from tenants.account.pages.profile import ProfilePage
from tenants.account.pages.second_factor import OwnSecondFactorPage
from tenants.account.pages.sessions import SessionsPage
from tenants.account.pages.tokens import NewOwnTokenPage, OwnTokensPage
from tenants.connecting.pages.connect_page import ConnectPage
from tenants.logging_in.passkeys import domain_of
from tenants.models import User
from tickets.notices.pages.bell import BellPage
from tickets.notices.pages.notice_list import NoticeListPage
from tickets.notices.pages.open_notice import OpenNoticePage
from tickets.notices.pages.preferences import NoticePreferencesPage

View = Callable[..., HttpResponseBase]
SESSION_ENDED = _("Your session has ended. Log in again, and you are back where you were.")


class TicketFlowerAdminSite(UnfoldAdminSite):
    """The admin for everybody who may log in; each screen then guards itself."""

    login_form = EmailLoginForm
    index_title = _("Dashboard")

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        return user.is_superuser or user.company is not None

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """With the pages of one's own log-in, without Django's "view on site".

        That one fetches objects of any model, past every screen.
        """
        own = super().get_urls()
        return [
            path("login/second-factor/", SecondFactorPage.as_view(), name="second_factor"),
            path("login/company/", CompanyLogInPage.as_view(), name="company_log_in"),
            path("login/company/back/", CompanyLogInBackPage.as_view(), name="company_log_in_back"),
            path(
                "login/company/<str:code>/", CompanyLogInAtPage.as_view(), name="company_log_in_at"
            ),
            path("login/passkey/", PasskeyLogInPage.as_view(), name="passkey_log_in"),
            path(
                "account/second-factor/",
                self.admin_view(OwnSecondFactorPage.as_view()),
                name="account_second_factor",
            ),
            path(
                "account/company-log-in/",
                self.admin_view(OwnCompanyLogInPage.as_view()),
                name="account_company_log_in",
            ),
            path(
                "account/email/",
                self.admin_view(AddressPage.as_view()),
                name="account_address",
            ),
            path(
                "account/profile/",
                self.admin_view(ProfilePage.as_view()),
                name="account_profile",
            ),
            path(
                "account/picture/<int:person_id>/<str:version>/",
                # It says itself for how long it may be kept.
                self.admin_view(PicturePage.as_view(), cacheable=True),
                name="account_picture",
            ),
            path(
                "account/sessions/",
                self.admin_view(SessionsPage.as_view()),
                name="account_sessions",
            ),
            path(
                "account/tokens/",
                self.admin_view(OwnTokensPage.as_view()),
                name="account_tokens",
            ),
            path(
                "account/tokens/new/",
                self.admin_view(NewOwnTokenPage.as_view()),
                name="account_token_new",
            ),
            path(
                "account/connect/",
                self.admin_view(ConnectPage.as_view()),
                name="account_connect",
            ),
            path("notices/", self.admin_view(NoticeListPage.as_view()), name="notices"),
            path("notices/bell/", self.admin_view(BellPage.as_view()), name="notices_bell"),
            path(
                "notices/preferences/",
                self.admin_view(NoticePreferencesPage.as_view()),
                name="notice_preferences",
            ),
            path(
                "notices/<int:notice_id>/",
                self.admin_view(OpenNoticePage.as_view()),
                name="notice",
            ),
            *(url for url in own if getattr(url, "name", "") != "view_on_site"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the palette as one declaration, which brings the others with it.

        Unfold's template would write each of its fifty colours by a loop of its own.
        """
        context: dict[str, Any] = super().each_context(request)
        context["colors"] = as_one_declaration(context["colors"])
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """As it is: Unfold would copy it, and look for callbacks and permissions in each entry."""
        return sidebar(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What each page hands to its templates, and none of them shows: found when asked for."""
        find = partial(super().get_app_list, request, app_label)
        return find() if app_label else cast("list[Any]", SimpleLazyObject(find))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Also show people whose session has ended why they see the log-in page.

        Logging out deletes the cookie. Who still has one, but is nobody, was thrown out: the
        session is too old, or the person or the company was switched off. So was who sends a
        form, for it came from a page of somebody who was logged in.

        What a page's scripts ask for meanwhile is answered 401. Led to the log-in page, they
        would be shown the reason instead of the person, unseen.
        """
        guarded = super().admin_view(view, cacheable)

        @functools.wraps(guarded)
        def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if _is_asked_by_a_script(request):
                    # Django deletes the cookie of a session that is no more. The person's own
                    # next request shall still have it.
                    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
                    return JsonResponse({"message": str(SESSION_ENDED)}, status=401)
                if request.method == "POST" or settings.SESSION_COOKIE_NAME in request.COOKIES:
                    messages.warning(request, SESSION_ENDED)
            response: HttpResponseBase = guarded(request, *args, **kwargs)
            return response

        # What the test of the limits reads: nobody who is not logged in comes further.
        guarded_view.needs_log_in = True  # type: ignore[attr-defined]
        return guarded_view

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """In the place of Django's, which would let a person in by the password alone."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {"app_path": request.get_full_path(), **(extra_context or {})}
        if "next" not in {*request.GET, *request.POST}:
            context["next"] = reverse("admin:index")
        return LogInView.as_view(
            authentication_form=EmailLoginForm,
            template_name="admin/login.html",
            extra_context={
                **self.each_context(request),
                "title": _("Log in"),
                "takes_passkeys": bool(domain_of(request)),
                **context,
            },
        )(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """One's own password, by a form that does not let the old one be guessed."""
        return PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            template_name=self.password_change_template or "registration/password_change_form.html",
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)

    def i18n_javascript(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The words of all scripts: Django's admin asks for those of its own alone."""
        return script_texts(request)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log out, by POST only: a link elsewhere must not be able to do it."""
        if request.method != "POST":
            return redirect("admin:index")
        response: HttpResponse = super().logout(request, extra_context)
        return response

    def app_index(
        self,
        request: HttpRequest,
        app_label: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Breadcrumbs lead here. The dashboard says more than a list of models."""
        if not self.get_app_list(request, app_label):
            raise Http404
        return redirect("admin:index")

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the command palette finds.

        Unfold's own search lists models, reads whole tables, and keeps what one person found
        in a cache under a key that does not name the company. Ours is limited and not cached.
        """
        term = request.GET.get("s", "")
        if not term.strip():
            return HttpResponse()
        started = time.perf_counter()
        results = find(request, term)
        context = {
            "results": results,
            "page_obj": {"count": len(results)},
            "page_counter": 0,
            "execution_time": time.perf_counter() - started,
        }
        return TemplateResponse(
            request,
            "unfold/helpers/command_results.html",
            context,
            headers={"HX-Trigger": "search"},
        )


def _is_asked_by_a_script(request: HttpRequest) -> bool:
    """Browsers say so (since 2023 all of them); whoever does not is taken for a person."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
