"""The page on which a person says whether a program may act for them, and how far."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from tenants.account.pages.account_page import AccountPage
from tenants.account.pages.token_form import DAYS
from tenants.connecting.asking import Wanted, read_request
from tenants.connecting.connect import connect
from tenants.connecting.redirects import place_of
from tenants.errors import TicketFlowerError, TokenError
from tenants.limits.dear import Dear
from tenants.models import User
from tenants.refusals import Refusals, refusals
from tenants.tokens.scopes import Scope
from tenants.tokens.uses import useful_scopes


def _days() -> list[tuple[str, str]]:
    return [(str(days), ngettext("%d day", "%d days", days) % days) for days in DAYS]


class ConnectForm(forms.Form):
    """What the person leaves the program; the service looks at it again."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do for you"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy(
            "Of what you may do, it can do only this. Take away what it does not need."
        ),
        error_messages={"required": gettext_lazy("Choose at least one thing.")},
    )
    days = forms.ChoiceField(
        label=gettext_lazy("For how long"),
        choices=_days,
        initial="30",
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Then it asks you again."),
    )

    def __init__(self, data: Any, *, wanted: Wanted, person: User) -> None:
        # The others may be chosen: rights change, and the program does not ask again.
        useful = useful_scopes(person, door=wanted.door)
        initial = {"scopes": [each.value for each in wanted.scopes if each in useful]}
        super().__init__(data, initial=initial)
        choices = [
            (each.value, _label_of(each, is_useful=each in useful)) for each in wanted.scopes
        ]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


def _label_of(scope: Scope, *, is_useful: bool) -> str:
    if is_useful:
        return str(scope.label)
    return gettext("%(scope)s (not with your rights as they are)") % {"scope": scope.label}


class ConnectPage(AccountPage):
    """A program sends the person here. It changes nothing until they say yes, by a POST.

    What was asked for stands in the address, and is read again each time: nothing is kept that
    could be changed, or be another one's, in between.
    """

    title = gettext_lazy("Connect a program")
    template_name = "connecting/connect.html"
    dear = {"GET": Dear.CONNECTING, "POST": Dear.CONNECTING}

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        """Superusers belong to no company, in which a program could act."""
        return isinstance(request.user, User) and request.user.company_id is not None

    def get(self, request: HttpRequest) -> HttpResponse:
        wanted = read_request(request, person=self.person)
        return self.page(ConnectForm(None, wanted=wanted, person=self.person), wanted)

    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = read_request(request, person=self.person)
        form = ConnectForm(request.POST, wanted=wanted, person=self.person)
        if form.is_valid():
            with refusals(TokenError) as refused:
                return self.lead_back(wanted, self.connected(form, wanted))
            form.add_error(None, refused.text)
        return self.page(form, wanted)

    def connected(self, form: ConnectForm, wanted: Wanted) -> str:
        now = timezone.now()
        return connect(
            person=self.person,
            wanted=wanted,
            scopes=form.cleaned_data["scopes"],
            ends_at=now + timedelta(days=int(form.cleaned_data["days"])),
            now=now,
        )

    def page(self, form: ConnectForm, wanted: Wanted) -> HttpResponse:
        program = wanted.program
        return self._kept_nowhere(
            self.show(
                form=form,
                wanted=wanted,
                program=program,
                answers_go_to=place_of(wanted.redirect_uri),
                is_only_here=program.is_only_here(wanted.redirect_uri),
            )
        )

    def lead_back(self, wanted: Wanted, code: str) -> HttpResponse:
        """By a page: the policy of our pages lets no form lead elsewhere."""
        address = wanted.answer(code=code)
        return self._kept_nowhere(
            self.show("connecting/led_back.html", address=address, name=wanted.name)
        )

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        """Here, whatever it is: nothing that a program sends leads to another address by itself."""
        error = refused.error
        response = self.show("connecting/refused.html", reason=refused.text)
        response.status_code = error.status if isinstance(error, TicketFlowerError) else 400
        return self._kept_nowhere(response)

    def _kept_nowhere(self, response: HttpResponse) -> HttpResponse:
        """What was asked for does not go along to other sites either: SECURE_REFERRER_POLICY."""
        response["Cache-Control"] = "no-store"
        return response
