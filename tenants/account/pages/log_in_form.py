from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm

from tenants.errors import AttemptsPausedError
from tenants.models import User
from tenants.refusals import refusals

_LONGEST = User._meta.get_field("email").max_length


class EmailLoginForm(AuthenticationForm):
    """Log in by e-mail."""

    # One text for every reason: it must not tell strangers whose address is known here.
    error_messages = {
        "invalid_login": _(
            "This e-mail address and password do not let you in. Check both, and mind capital "
            "letters in the password. If they are right, your account or your company may be "
            "switched off: ask an admin of your company."
        ),
        "inactive": _("This account is switched off. Ask an admin of your company."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("E-mail address")
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True, "maxlength": _LONGEST}
        )
        self.fields["password"].widget = forms.PasswordInput(
            attrs={"autocomplete": "current-password"}
        )

    def clean(self) -> dict[str, Any]:
        with refusals(AttemptsPausedError) as refused:
            super().clean()
        if refused.error is None:
            return dict(self.cleaned_data)
        raise ValidationError(refused.text, code="paused")

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Everybody whom the backend let through; Unfold's form would demand is_staff."""
