"""What is asked of a person: the form of the screen, and those of a new one and of a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from tenants.connection import in_public
from tenants.errors import LastAdminError
from tenants.mail.set_up import is_mail_set_up
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import set_password
from workflows.errors import ManagerError
from workflows.fields.person.screen import MOST_LISTED, search_widget
from workflows.models import CompanyRole
from workflows.people.change_people import EDITABLE
from workflows.people.managers import possible_managers
from workflows.people.pages.colleague_field import ColleagueField
from workflows.people.pages.new_password import NewPasswordForm
from workflows.people.role_choices import role_choices


class ManagerField(ColleagueField):
    """Several people may have one name: the address tells them apart."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person} ({person.email})" if str(person) != person.email else str(person)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a company admin may change of a person; nothing else of a POST is read."""

    system_roles = forms.MultipleChoiceField(
        label=_("System roles"),
        required=False,
        choices=role_choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("They decide which screens the person has."),
    )
    member_of = forms.ModelMultipleChoiceField(
        label=_("Company roles"),
        required=False,
        queryset=CompanyRole.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("They decide which tickets the person may submit and which tasks they get."),
    )

    # The address that is to be proven.
    asked_email = ""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "is_available", "is_active", "manager")
        field_classes = {"manager": ManagerField}
        widgets = {"manager": UnfoldAdminSelectWidget}
        error_messages = {"manager": {"invalid_choice": ManagerError.message}}
        help_texts = {
            "manager": _("Gets the tasks that a workflow has for the requester's manager.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name"):
            if name in self.fields:
                self.fields[name].required = True
        roles = self.instance.system_roles() if self.instance.pk else {SystemRole.USER}
        self.initial.setdefault("system_roles", [role.value for role in roles])
        is_asked = "email" in self.fields and not in_public() and is_mail_set_up()
        if self.instance.pk and is_asked:
            self.fields["email"].help_text = _(
                "Another address counts once the person has followed the link in a mail to it."
            )
        if in_public():  # a superuser looks at somebody; the companies' tables are not here
            del self.fields["member_of"]
            self.fields.pop("manager", None)
            return
        self.fields["member_of"].queryset = CompanyRole.objects.all()  # type: ignore[attr-defined]
        if "manager" in self.fields:
            possible = possible_managers(self.instance)
            if self.instance.manager_id is not None:  # who has left since stays to be seen
                possible |= User.objects.filter(pk=self.instance.manager_id)
            widget = self.fields["manager"].widget
            # Without what the admin wraps it in: people are added and seen elsewhere.
            self.fields["manager"].widget = getattr(widget, "widget", widget)
            self.fields["manager"].queryset = possible  # type: ignore[attr-defined]
            self.fields["manager"].empty_label = gettext("Nobody")  # type: ignore[attr-defined]
            if self.fields["manager"].has_more_than(MOST_LISTED):  # type: ignore[attr-defined]
                self.fields["manager"].search(search_widget(None))  # type: ignore[attr-defined]
                self.initial["manager"] = self.instance.manager  # shown by the address
        if self.instance.pk:
            self.initial.setdefault("member_of", list(self.instance.company_roles.all()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.instance.pk and self._is_last_admin():
            message = str(LastAdminError())
            if SystemRole.ADMIN.value not in data.get("system_roles", []):
                self.add_error("system_roles", ValidationError(message, code="last_admin"))
            if not data.get("is_active", True):
                self.add_error("is_active", ValidationError(message, code="last_admin"))
        return data

    def clean_email(self) -> str:
        """Where mail is sent the address stays until the other one is proven: so nobody is told
        here whether somebody elsewhere has it."""
        email, stored = str(self.cleaned_data["email"]), self.instance.email
        if not self.instance.pk or in_public() or not is_mail_set_up() or email == stored:
            return email
        self.asked_email = email
        return str(stored)

    @property
    def changed_fields(self) -> list[str]:
        """What of a person who is there already is to be written."""
        asked = {"email"} if self.asked_email else set()
        return [name for name in EDITABLE if name in self.changed_data and name not in asked]

    def _is_last_admin(self) -> bool:
        """As it stands now; the service looks again, under a lock."""
        company = self.instance.company
        if company is None:
            return False
        admins = User.objects.of_company(company).active().with_role(SystemRole.ADMIN)
        return list(admins.values_list("pk", flat=True)[:2]) == [self.instance.pk]


class PersonAddForm(NewPasswordForm, PersonForm):
    """A new person, with a password that the admin tells them."""

    class Meta(PersonForm.Meta):
        fields = ("first_name", "last_name", "email", "is_available", "manager")  # type: ignore[assignment]


class PersonPasswordForm(AdminPasswordChangeForm):
    """A new password for a person; passwords are not switched off here, people are."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        user: User = self.user
        set_password(user=user, password=self.cleaned_data["password1"])
        return user
