"""The screen of people as a superuser has it outside every company: everybody, and superusers.

Inside a company it is that company's own (`PersonAdmin`). Whose company a person is of is never
changed here. What belongs to a company is changed by its services, in its schema; who is in
which company role is not known outside, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.account.changing_address import tell_old_address
from tenants.companies.active_company import is_outside
from tenants.connection import PUBLIC, company_of
from tenants.mail.set_up import is_mail_set_up
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import User
from tenants.pages.badges import clipped
from tenants.roles import SystemRole
from tenants.superusers.change_superusers import create_superuser, save_superuser
from workflows.people.change_people import EDITABLE, save_person
from workflows.people.pages.people_filters import LogInFilter, SystemRoleFilter
from workflows.people.pages.person import PersonAdmin
from workflows.people.pages.person_form import PersonForm
from workflows.people.pages.superuser_forms import SuperuserAddForm, SuperuserForm


@admin.register(User)
class EverybodyAdmin(PersonAdmin):
    """The people of the active company; where there is none, a superuser's everybody."""

    outside_list_display = ("person", "company_name", "kind", "is_active", "last_log_in")
    outside_list_filter = (SystemRoleFilter, "is_superuser", "is_active", LogInFilter)
    outside_fieldsets = (
        (None, {"fields": (("first_name", "last_name"), "email", "company")}),
        (
            _("Roles"),
            {
                "fields": ("system_roles",),
                "description": _(
                    "Company roles are changed inside the company: enter it first. The e-mail "
                    "address and the password are changed by its people. Where no admin can log "
                    "in, make a one-time link on the company's page."
                ),
            },
        ),
        (_("Work"), {"fields": ("is_available", "is_active")}),
        (_("Dates"), {"fields": (("last_log_in", "date_joined"),)}),
    )
    superuser_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"),
                    "email",
                    ("password_link", "second_factor_link"),
                    "is_active",
                )
            },
        ),
        (_("Dates"), {"fields": (("last_log_in", "date_joined"),)}),
    )
    superuser_add_fieldsets = (
        (
            None,
            {
                "fields": (("first_name", "last_name"), "email", "password1", "password2"),
                "description": _(
                    "A superuser runs the installation, belongs to no company and may enter every "
                    "one. The people of a company are added inside it."
                ),
            },
        ),
    )

    # --- who may, and whose people -----------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_outside(request) or super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_outside(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_outside(request) or super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_outside(request) or super().has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        if not is_outside(request):
            return super().get_queryset(request)
        people = User.objects.select_related("company").prefetch_related("groups")
        everybody: QuerySet[User] = people.order_by(*self.ordering)
        return everybody

    # --- the list ----------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        title = {"title": gettext("People and superusers")} if is_outside(request) else {}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        if is_outside(request):
            changelist.search_help_text = gettext("Search by name, e-mail address or company")
        return changelist

    def get_search_fields(self, request: HttpRequest) -> Any:
        own = super().get_search_fields(request)
        return (*own, "company__name") if is_outside(request) else own

    def get_list_display(self, request: HttpRequest) -> Any:
        if is_outside(request):
            return self.outside_list_display
        return super().get_list_display(request)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.outside_list_filter if is_outside(request) else super().get_list_filter(request)

    @display(description=_("company"), ordering="company__name")
    def company_name(self, person: User) -> SafeString | None:
        return None if person.company is None else clipped(person.company.name)

    @display(description=_("system roles"), label=True)
    def kind(self, person: User) -> list[str]:
        return [gettext("Superuser")] if person.is_superuser else self.roles(person)

    @display(description=_("last log-in"), ordering="last_login")
    def last_log_in(self, person: User) -> str:
        if person.last_login is None:
            return gettext("Never")
        return date_format(localtime(person.last_login), "DATETIME_FORMAT")

    # --- the form ----------------------------------------------------------------------------

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        title = {"title": gettext("Add superuser")} if is_outside(request) else {}
        return super().add_view(request, form_url, {**title, **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if not is_outside(request):
            return super().get_fieldsets(request, obj)
        if obj is None:
            return self.superuser_add_fieldsets
        return self.superuser_fieldsets if obj.is_superuser else self.outside_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if not is_outside(request):
            return super().get_readonly_fields(request, obj)
        own = ("company", "password_link", "second_factor_link", "last_log_in", "date_joined")
        is_of_company = obj is not None and not obj.is_superuser
        return (*own, "email") if is_of_company else own

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if is_outside(request) and (obj is None or obj.is_superuser):
            kwargs["form"] = SuperuserAddForm if obj is None else SuperuserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool
    ) -> None:
        actor = request.user
        if not is_outside(request) or not isinstance(actor, User):
            super().save_model(request, obj, form, change)
        elif not change:
            data = form.cleaned_data
            made = create_superuser(
                email=data["email"],
                first_name=data["first_name"],
                last_name=data["last_name"],
                password=data["password1"],
            )
            # The admin goes on with the object that it was given: now it is the one made.
            obj.__dict__.update(made.__dict__)
        elif obj.is_superuser:
            old = form.initial["email"]
            with transaction.atomic():
                save_superuser(superuser=obj, by=actor)
                if obj.email != old and is_mail_set_up():
                    tell_old_address(person=obj, old=old)
        else:
            roles = [SystemRole(role) for role in form.cleaned_data["system_roles"]]
            with _in_company_of(obj):
                save_person(
                    person=obj,
                    roles=roles,
                    company_roles=None,
                    now=timezone.now(),
                    actor=actor,
                    fields=form.changed_fields if isinstance(form, PersonForm) else EDITABLE,
                )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Of the people of a company only by its admins: a superuser sets those of superusers."""
        if request.user.is_superuser:
            person = self.get_object(request, unquote(id))
            if person is not None and not person.is_superuser:
                raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    # --- what was done to somebody of a company stands in the log of that company ------------

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if not is_outside(request):
            return super().log_change(request, obj, message)
        with _in_company_of(obj):
            return super().log_change(request, obj, message)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not is_outside(request):
            own: HttpResponse = super().history_view(request, object_id, extra_context)
            return own
        with _in_company_of(self.get_object(request, unquote(object_id))):
            answer: HttpResponse = super().history_view(request, object_id, extra_context)
            if isinstance(answer, TemplateResponse):
                answer.render()  # while the log is at hand
            return answer


@contextmanager
def _in_company_of(person: Any) -> Iterator[None]:
    """Work where the person's company has its data; for superusers, and nobody, that is `public`.

    Raises:
        CompanyBehindError: the company is being brought up to date.
    """
    company = None if person is None else person.company
    if company is not None:
        ensure_up_to_date(company)
    with company_of(PUBLIC if company is None else str(company.schema_name)):
        yield
