"""One's own profile: name, language and time zone, and where the rest of the account is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants.account.pages.account_page import AccountPage
from tenants.account.profile import OWN_FIELDS, save_profile
from tenants.language_and_zone import known_language, zone_names, zone_of
from tenants.models import User
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in zone_names()]


class ProfileForm(forms.Form):
    first_name = NameInput(
        label=gettext_lazy("First name"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "given-name"}),
    )
    last_name = NameInput(
        label=gettext_lazy("Last name"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "family-name"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Of the pages, and of the mails that you get."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "All times are shown in it, and those that you type are meant in it."
        ),
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(person, name) for name in OWN_FIELDS}
        super().__init__(*args, **kwargs)
        zone = zone_of(None, person.company).key.replace("_", " ")
        own = gettext("As in the company: %(zone)s") % {"zone": zone}
        names = [("", gettext("As my browser asks for")), *settings.LANGUAGES]
        self.fields["language"].choices = names  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [("", own), *_zones()]  # type: ignore[attr-defined]
        if person.is_superuser:  # may have none
            self.fields["first_name"].required = self.fields["last_name"].required = False


class ProfilePage(AccountPage):
    """POST saves it; the answer is in the language that was chosen."""

    title = gettext_lazy("Profile")
    template_name = "account/profile.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(form=ProfileForm(self.person), initials=initials_of(self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(self.person, request.POST)
        if not form.is_valid():
            return self.show(form=form, initials=initials_of(self.person))
        for name in OWN_FIELDS:
            setattr(self.person, name, form.cleaned_data[name])
        save_profile(person=self.person)
        language = known_language(self.person.language)
        with translation.override(language or translation.get_language_from_request(request)):
            messages.success(request, gettext("Your profile was saved."))
        return redirect("admin:account_profile")


def initials_of(person: User) -> str:
    """Two letters at most, in the place of a picture."""
    names = [person.first_name, person.last_name] if person.get_full_name() else [person.email]
    return "".join(name[:1] for name in names if name).upper()
