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
from tenants.account.picture import FORMATS, PictureError, remove_picture, save_picture
from tenants.account.profile import OWN_FIELDS, save_profile
from tenants.companies.language_and_zone import known_language, zone_names, zone_of
from tenants.errors import StorageAwayError, StorageFullError
from tenants.limits.bodies import LARGE_BODY
from tenants.models import User
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME
from tenants.pages.avatars import avatar
from tenants.refusals import refusals


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


class PictureForm(forms.Form):
    """The picture to be; read and checked by the service."""

    use_required_attribute = False

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        max_length=500,
        widget=forms.FileInput(
            attrs={
                "accept": ",".join(f"image/{name.lower()}" for name in FORMATS),
                "class": "border border-base-200 rounded-default px-3 py-2 w-full max-w-2xl"
                " dark:border-base-700",
            }
        ),
        help_text=gettext_lazy(
            "JPEG, PNG or WebP, at most 5 MB. The middle of it is shown, as a square. Everybody of "
            "your company may see it."
        ),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": PictureError.message,
        },
    )


class ProfilePage(AccountPage):
    """POST saves it; the answer is in the language that was chosen. Or the picture alone."""

    title = gettext_lazy("Profile")
    template_name = "account/profile.html"
    largest_body = LARGE_BODY

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(ProfileForm(self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.has_picture() and request.POST.get("do") == "picture":
            return self.save_picture()
        if self.has_picture() and request.POST.get("do") == "remove_picture":
            remove_picture(person=self.person, actor=self.person)
            messages.success(request, gettext("Your picture was removed."))
            return redirect("admin:account_profile")
        form = ProfileForm(self.person, request.POST)
        if not form.is_valid():
            return self.page(form)
        for name in OWN_FIELDS:
            setattr(self.person, name, form.cleaned_data[name])
        save_profile(person=self.person)
        language = known_language(self.person.language)
        with translation.override(language or translation.get_language_from_request(request)):
            messages.success(request, gettext("Your profile was saved."))
        return redirect("admin:account_profile")

    def save_picture(self) -> HttpResponse:
        form = PictureForm(self.request.POST, self.request.FILES)
        if form.is_valid():
            with refusals(PictureError, StorageFullError, StorageAwayError) as refused:
                file = form.cleaned_data["picture"]
                save_picture(person=self.person, file=file, actor=self.person)
                messages.success(self.request, gettext("Your picture was saved."))
                return redirect("admin:account_profile")
            form.add_error("picture", refused.text)
        return self.page(ProfileForm(self.person), form)

    def has_picture(self) -> bool:
        """Superusers belong to no company, whose storage would keep it."""
        return self.person.company is not None

    def page(self, form: ProfileForm, picture_form: PictureForm | None = None) -> HttpResponse:
        pictures = (picture_form or PictureForm()) if self.has_picture() else None
        return self.show(form=form, picture_form=pictures, avatar=avatar(self.person, large=True))
