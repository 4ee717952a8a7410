"""Signing a company up: at once, after a mail, or by the invitation of a superuser."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.account.inviting_companies import Founder
from tenants.account.signing_up import SignUp
from tenants.companies.language_and_zone import language_here
from tenants.errors import EmailInUseError, RateLimitedError
from tenants.limits.table import SIGN_UPS_OF_ALL
from tenants.logging_in import passwords
from tenants.models import Company, SignUpInvitation, User
from tenants.models.fields import EmailAddressInput, NameInput
from tenants.names import LONGEST_NAME
from tenants.refusals import refusals
from tenants.services import sign_up

LONGEST_EMAIL = User._meta.get_field("email").max_length


class SignUpForm(forms.Form):
    """A company and its first person."""

    # Where no mail is sent, nobody can be told elsewhere that an address is used.
    tells_taken = True

    company_name = NameInput(
        label=_("Company name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    first_name = NameInput(
        label=_("First name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = NameInput(
        label=_("Last name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    email = EmailAddressInput(
        label=_("E-mail address"),
        max_length=LONGEST_EMAIL,
        help_text=_("You log in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        help_text=passwords.HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if not self.tells_taken:
            return email
        if User.objects.filter(email=email).exists():
            raise self.taken()
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password:
            person = User(
                email=data.get("email", ""),
                first_name=data.get("first_name", ""),
                last_name=data.get("last_name", ""),
                company=Company(name=data.get("company_name", "")),
            )
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data

    def save(self) -> User | None:
        """Sign the company up.

        None, with an error in the form, where somebody took the e-mail address between the
        check and here, or too many companies sign up.
        """
        with refusals(RateLimitedError) as refused:
            SIGN_UPS_OF_ALL.count("")
        if refused.error is not None:
            self.add_error(None, refused.text)
            return None
        with refusals(EmailInUseError):
            return sign_up(**self.cleaned_data, language=language_here())
        self.add_error("email", self.taken())
        return None

    def taken(self) -> ValidationError:
        return ValidationError(
            _("Somebody already uses this e-mail address. Log in instead."), code="unique"
        )


class AskToSignUpForm(SignUpForm):
    """The same where the address is proven by mail: the password comes afterwards."""

    tells_taken = False
    password = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].help_text = _("You get a mail there, with a link that goes on.")

    def wanted(self) -> SignUp:
        return SignUp(**self.cleaned_data, language=language_here())


class InvitedSignUpForm(SignUpForm):
    """Of whoever a superuser has invited: the address is the one that was invited."""

    email = None  # type: ignore[assignment]

    takes_address = forms.BooleanField(
        label=_("That account is not mine: take the address away from it"), required=False
    )

    def __init__(self, *args: Any, invitation: SignUpInvitation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {"company_name": invitation.company_name}
        self.invitation = invitation

    def clean(self) -> dict[str, Any]:
        # A password may not be like the address.
        self.cleaned_data["email"] = self.invitation.email
        return super().clean()

    def founder(self) -> Founder:
        said = {each.name for each in dataclass_fields(Founder)} & self.cleaned_data.keys()
        return Founder(**{each: self.cleaned_data[each] for each in said}, language=language_here())


class FinishSignUpForm(forms.Form):
    """The password of whoever has followed the link in the mail."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        help_text=passwords.HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    takes_address = forms.BooleanField(
        label=_("That account is not mine: take the address away from it"), required=False
    )

    def __init__(self, *args: Any, wanted: SignUp, **options: Any) -> None:
        super().__init__(*args, **options)
        self.wanted = wanted

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        wanted = self.wanted
        person = User(
            email=wanted.email,
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            company=Company(name=wanted.company_name),
        )
        password_validation.validate_password(password, person)
        return password
