"""The pages on which a superuser makes a one-time link, and on which the person uses it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tenants.account.one_time_links import (
    LIFETIME,
    LinkUsedUpError,
    admins_of,
    make_one_time_link,
    read_one_time_link,
    use_one_time_link,
)
from tenants.account.pages.link_page import LinkPage
from tenants.connection import PUBLIC, company_of
from tenants.logging_in import passwords
from tenants.models import Company, User
from tenants.pages.page import ObjectPage, register_page
from tenants.refusals import refusals
from tenants.superusers.visits import LONGEST_REASON


class AdminField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """People by name, and with the address: two may have the same name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.email})"


class OneTimeLinkForm(forms.Form):
    """For which admin of the company, and why."""

    person = AdminField(
        label=gettext_lazy("Admin"),
        queryset=User.objects.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Only admins: they set the passwords of all others."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The company reads it in its audit log."),
    )
    removes_second_factor = forms.BooleanField(
        label=gettext_lazy("Remove the second factor, too"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=gettext_lazy("Only where passkeys, app and recovery codes are lost as well."),
    )

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["person"]
        field.queryset = admins_of(company).order_by("first_name", "last_name", "email")
        field.choices = list(field.choices)  # looked up here, where the page says


@register_page(Company, "<int:object_id>/one-time-link/", name="tenants_company_one_time_link")
class MakeOneTimeLinkPage(ObjectPage):
    """For superusers: the link is shown once, to be handed over."""

    permissions = ("tenants.change_company",)
    needs_company = False
    title = gettext_lazy("One-time link")
    template_name = "account/one_time_link.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_superuser

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with company_of(PUBLIC):  # the superuser may be inside another company
            form = OneTimeLinkForm(company=self.object)
        return self.show(form=form)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with company_of(PUBLIC):
            form = OneTimeLinkForm(request.POST, company=self.object)
            is_valid = form.is_valid()
        if not is_valid:
            return self.show(form=form)
        data = form.cleaned_data
        with company_of(PUBLIC):
            token = make_one_time_link(
                person=data["person"],
                reason=data["reason"],
                removes_second_factor=data["removes_second_factor"],
            )
        response = self.show(
            person=data["person"],
            link=request.build_absolute_uri(reverse("one_time_link", args=[token])),
            hours=int(LIFETIME.total_seconds() // 3600),
        )
        response["Cache-Control"] = "no-store"
        return response


class NewPasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]
    """Another password for the person whose link it is."""

    password1, password2 = SetPasswordMixin.create_password_fields(
        label1=gettext_lazy("New password"), label2=gettext_lazy("Password again")
    )

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = person
        for name in ("password1", "password2"):
            self.fields[name].max_length = passwords.LONGEST  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self.person)
        return super().clean() or self.cleaned_data


class OneTimeLinkPage(LinkPage):
    """Whoever has the link sets the password, and logs in with it."""

    permissions = ()
    title = gettext_lazy("New password")
    template_name = "account/use_one_time_link.html"

    def answer(self, sent: Any, token: str) -> HttpResponse:
        with refusals(LinkUsedUpError) as refused:
            link = read_one_time_link(token)
            form = NewPasswordForm(sent, person=link.person)
            if sent is None or not form.is_valid():
                return self.no_store(self.show(form=form, person=link.person))
            use_one_time_link(token=token, password=form.cleaned_data["password1"])
            messages.success(self.request, gettext("Your password is set. Log in with it."))
            return redirect("admin:login")
        return self.no_store(self.show(refusal=refused.text))
