"""The password again, before what a stolen or forgotten session must not be enough for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.errors import AttemptsPausedError
from tenants.limits.table import attempt_of
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.models import User
from tenants.refusals import refusals

# The page of one's own password asks for it by itself.
ASKED_AT: Final = frozenset(
    {
        "admin:account_address",
        "admin:account_company_log_in",
        "admin:account_connect",
        "admin:account_second_factor",
        "admin:account_token_new",
        "admin:auth_user_password_change",
        "admin:tenants_user_account",
        "admin:tenants_user_account_new",
        "admin:tenants_user_account_token",
        "admin:tenants_user_add",
        "admin:tenants_user_change",
        "admin:tenants_user_identity_provider",
        "admin:tenants_user_erase",
        "admin:workflows_contact_erase",
        "admin:tenants_user_import",
        "admin:tenants_user_invite",
        "admin:tenants_user_process_import",
        "admin:tenants_user_second_factor",
        "admin:tenants_user_second_factors",
        "admin:workflows_companyrole_add",
        "admin:workflows_companyrole_change",
        "admin:workflows_companyrole_import",
        "admin:workflows_companyrole_process_import",
        "admin:workflows_signingsecret_show",
        "admin:workflows_signingsecret_rotate",
        "admin:workflows_ticketdefinition_ways_in",
        "admin:tickets_webhook_add",
        "admin:tickets_webhook_edit",
        "admin:tickets_webhook_resume",
        "admin:tickets_webhook_secret",
        "admin:tenants_company_add",
        "admin:tenants_company_change",
        "admin:tenants_company_invitations",
        "admin:tenants_company_one_time_link",
        "admin:tenants_company_archive",
        "admin:tenants_company_deletion",
        "admin:tenants_company_restore",
        "enter_company",
    }
)
PASSWORD_AGAIN_WRONG = declare(
    "account.password_again_wrong", gettext_lazy("Gave a wrong password when asked again")
)
FIELD: Final = "password_again"
# Sent along where files were chosen: browsers do not let us put them back into a form.
LOST_FILES: Final = "files_are_lost"
_NEVER_KEPT: Final = frozenset({FIELD, LOST_FILES, "csrfmiddlewaretoken"})


def is_recent(request: HttpRequest) -> bool:
    """Whether the person has proved who they are within PASSWORD_AGAIN_SECONDS."""
    confirmed_at = request.session.get(CONFIRMED_AT)
    if not isinstance(confirmed_at, int):
        return False
    return timezone.now().timestamp() - confirmed_at < settings.PASSWORD_AGAIN_SECONDS


def confirm(request: HttpRequest, person: User, password: str) -> bool:
    """Whether it is their password; if so, they need not type it again for a while.

    Raises:
        AttemptsPausedError: it was wrong several times.
    """
    attempt = attempt_of(request, person.email)
    attempt.begin()
    if not person.check_password(password):
        record_of_person(PASSWORD_AGAIN_WRONG, about=person)
        return False
    attempt.succeeded()
    request.session[CONFIRMED_AT] = int(timezone.now().timestamp())
    return True


class PasswordAgainMiddleware:
    """Asks for the password in between, and then goes on with what was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        if request.method != "POST" or request.resolver_match is None:
            return None
        if request.resolver_match.view_name not in ASKED_AT:
            return None
        if not isinstance(request.user, User) or is_recent(request):
            return None
        return _Question(request, request.user).ask()


@dataclass
class _Question:
    request: HttpRequest
    person: User

    def ask(self) -> HttpResponseBase | None:
        """None: the password was right, and the request goes on as it came before."""
        sent = self.request.POST
        if FIELD not in sent:
            return self._page("")
        is_right = False
        with refusals(AttemptsPausedError) as paused:
            is_right = confirm(self.request, self.person, sent[FIELD])
        if not is_right:
            return self._page(paused.text or _("This is not your password. Try again."))
        if sent.get(LOST_FILES):
            return redirect(self.request.get_full_path())
        again = sent.copy()
        del again[FIELD]
        self.request.POST = again  # type: ignore[assignment]
        return None

    def _page(self, error: str) -> HttpResponseBase:
        sent = self.request.POST
        has_files = bool(self.request.FILES) or bool(sent.get(LOST_FILES))
        kept = (
            []
            if has_files
            else [
                (name, value)
                for name, values in sent.lists()
                if name not in _NEVER_KEPT
                for value in values
            ]
        )
        context = {
            "error": error,
            "kept": kept,
            "has_files": has_files,
            "field": FIELD,
            "lost_files": LOST_FILES,
        }
        response = render(self.request, "account/password_again.html", context, status=403)
        response["Cache-Control"] = "no-store"
        return response
