from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.models import User
from tenants.services import sign_up


class EmailLoginForm(AuthenticationForm):
    """Log in by e-mail."""

    error_messages = {
        "invalid_login": _(
            "This e-mail address and password do not go together. Check both, and mind capital "
            "letters in the password."
        ),
        "inactive": _("This account is switched off. Ask an admin of your company."),
    }

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Everybody whom the backend let through; Unfold's form would demand is_staff."""


class SignUpForm(forms.Form):
    """A company and its first person."""

    company_name = forms.CharField(
        label=_("Company name"), max_length=100, widget=UnfoldAdminTextInputWidget
    )
    first_name = forms.CharField(
        label=_("First name"), max_length=100, widget=UnfoldAdminTextInputWidget
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=100, widget=UnfoldAdminTextInputWidget
    )
    email = forms.EmailField(label=_("E-mail address"), widget=UnfoldAdminEmailInputWidget)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters, and not one of the common ones."),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exists():
            raise ValidationError(
                _("Somebody already uses this e-mail address. Log in instead."), code="unique"
            )
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password:
            person = User(
                email=data.get("email", ""),
                first_name=data.get("first_name", ""),
                last_name=data.get("last_name", ""),
            )
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data

    def save(self) -> User:
        return sign_up(**self.cleaned_data)
