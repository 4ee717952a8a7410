from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from tenants.logging_in import passwords


class NewPasswordForm(SetPasswordMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Of somebody new, with a password that whoever fills it in tells them."""

    password1, password2 = SetPasswordMixin.create_password_fields(
        label2=_("Password again"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(
                attrs={"autocomplete": "new-password"}
            )
            self.fields[name].max_length = passwords.LONGEST  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        return super().clean() or self.cleaned_data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        # After the instance has the names: a password may not be like them.
        self.validate_password_for_user(self.instance)
