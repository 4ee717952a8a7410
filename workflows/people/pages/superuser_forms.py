from __future__ import annotations

from typing import Any

from django import forms

from tenants.models import User
from workflows.people.pages.new_password import NewPasswordForm


class SuperuserForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a superuser may change of one; nothing else of a POST is read."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Before validation: the constraints of User look at it.
        self.instance.is_superuser = True
        for name in ("first_name", "last_name"):
            self.fields[name].required = True


class SuperuserAddForm(NewPasswordForm, SuperuserForm):
    """A new superuser, with a password that whoever adds them tells them."""

    class Meta(SuperuserForm.Meta):
        fields = ("first_name", "last_name", "email")  # type: ignore[assignment]
