"""The page on which a person sees where they are logged in, and ends it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from tenants.account.happened import happened_to
from tenants.account.log_ins import end_log_ins, list_log_ins
from tenants.account.pages.account_page import AccountPage


class SessionsPage(AccountPage):
    """Lists the sessions; POST ends one, or all but this one."""

    title = gettext_lazy("Where you are logged in")
    template_name = "account/sessions.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        this = request.session.session_key
        return self.show(
            log_ins=list_log_ins(person=self.person, this=this, now=timezone.now()),
            happened=happened_to(self.person),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        names = None if "others" in request.POST else {request.POST.get("session", "")}
        ended = end_log_ins(person=self.person, names=names, keep=request.session.session_key)
        if ended:
            text = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", ended)
            messages.success(request, text % {"count": ended})
        else:
            messages.info(request, gettext("There was no other session to end."))
        return redirect("admin:account_sessions")
