"""Where List-Unsubscribe of mails leads: one click of the mail program, or a page with a button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from tenants.connection import use_public
from tenants.errors import CompanyBehindError
from tenants.pages.page import Page
from tenants.refusals import refusals
from tickets.notices.stop_mail import UnknownStopAddressError, read_stop, stop_mail


class StopMailPage(Page):
    """For whoever has the address, logged in or not: it is signed, and does one thing alone.

    A POST needs neither session nor CSRF token (RFC 8058): mail programs send it.
    """

    permissions = ()
    needs_company = False
    title = gettext_lazy("Mails about notices")
    template_name = "notices/stop_mail.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest, **arguments: object) -> HttpResponse:
        return self._answer(str(arguments["token"]), stops=False)

    def post(self, request: HttpRequest, **arguments: object) -> HttpResponse:
        return self._answer(str(arguments["token"]), stops=True)

    def _answer(self, token: str, *, stops: bool) -> HttpResponse:
        # A browser may be logged in to some company: that counts for nothing here.
        use_public()
        stop = None
        with refusals(UnknownStopAddressError, CompanyBehindError) as refused:
            stop = read_stop(token)
            if stops:
                stop_mail(stop)
        response = self.show(
            refusal=refused.text if refused.error is not None else "",
            kind=None if stop is None else stop.kind,
            is_stopped=stops,
        )
        response.status_code = 200 if refused.error is None else refused.error.status
        response["Cache-Control"] = "no-store"
        return response
