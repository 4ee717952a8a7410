"""The screen of companies, for superusers only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import schema_context
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.companies.active_company import active_company
from tenants.companies.company_limits import COMPANY_LIMITS
from tenants.connection import PUBLIC
from tenants.migrating.versions import companies_behind, complete_versions
from tenants.models import Company, User
from tenants.models.fields import EmailAddressInput, NameInput
from tenants.names import LONGEST_NAME
from tenants.pages.company_admin import GuardedListMixin
from tenants.pages.filters import ChosenFilter
from tenants.pages.page import with_pages
from tenants.pages.refusals import TellsRefusals
from tenants.services import change_company, sign_up

OWN_LIMITS = tuple(limit.column for limit in COMPANY_LIMITS)
BUTTON = (
    "bg-primary-600 border border-transparent cursor-pointer font-medium inline-flex "
    "items-center px-3 py-1 rounded-default text-white whitespace-nowrap hover:bg-primary-600/80"
)


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Rename a company, switch it on or off."""

    class Meta:
        model = Company
        fields = ("name", "is_active", *OWN_LIMITS)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for limit in COMPANY_LIMITS:
            self.fields[limit.column].help_text = _("Empty: %(most)s, as for every company.") % {
                "most": f"{getattr(settings, limit.setting):,}"
            }


class CompanyAddForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new company and its first person, who has every system role."""

    first_name = NameInput(
        label=_("First name"), max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget
    )
    last_name = NameInput(
        label=_("Last name"), max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget
    )
    email = EmailAddressInput(
        label=_("E-mail address"), max_length=254, widget=UnfoldAdminEmailInputWidget
    )

    class Meta:
        model = Company
        fields = ("name",)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if User.objects.filter(email=email).exists():
            raise ValidationError(_("Somebody already uses this e-mail address."), code="unique")
        return email


class TablesFilter(ChosenFilter):
    """By whether the company has all migrations, as its version says it."""

    title = _("tables")
    parameter_name = "tables"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("behind", _("Out of date")), ("complete", _("Up to date"))]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        complete = complete_versions()
        if chosen == "complete":
            return queryset.filter(schema_version__in=complete)
        return queryset.exclude(schema_version__in=complete)


class CompanyList(ChangeList):
    """The list, which looks once for all companies that it shows which of them are behind."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        behind = {each.pk for each in companies_behind(self.result_list)}
        for each in self.result_list:
            each.is_behind = each.pk in behind


@admin.register(Company)
class CompanyAdmin(TellsRefusals, GuardedListMixin, ModelAdmin):
    """Companies: seen, renamed, switched off and entered. Deleted on a page of its own."""

    form = CompanyForm
    search_fields = ("name", "schema_name")
    search_help_text = _("Search by name or schema")
    list_display = (
        "name",
        "tables",
        "schema_name",
        "people",
        "is_active",
        "created_at",
        "enter",
    )
    list_filter = ("is_active", TablesFilter)
    list_per_page = 50
    ordering = ("name", "pk")
    readonly_fields = ("schema_name", "people", "created_at", "enter", "one_time_link", "data")
    add_fieldsets = (
        (None, {"fields": ("name",)}),
        (
            _("First person"),
            {
                "fields": (("first_name", "last_name"), "email"),
                "description": _(
                    "They have every system role, and add the others. With a one-time link, which "
                    "the next page makes, they set their password."
                ),
            },
        ),
    )
    fieldsets = (
        (None, {"fields": ("name", "is_active")}),
        (_("Limits"), {"fields": OWN_LIMITS}),
        (pgettext_lazy("a company", "About"), {"fields": readonly_fields}),
    )

    def get_urls(self) -> list[URLPattern]:
        return with_pages(self, super().get_urls())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CompanyList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        companies: QuerySet[Company] = super().get_queryset(request)
        counted: QuerySet[Company] = companies.annotate(people_count=Count("users"))
        return counted

    @display(description=_("people"), ordering="people_count")
    def people(self, company: Company) -> int:
        return int(getattr(company, "people_count", 0))

    @display(description=_("tables"), label={"behind": "danger", "complete": "success"})
    def tables(self, company: Company) -> tuple[str, str]:
        if getattr(company, "is_behind", False):
            return "behind", gettext("Out of date")
        return "complete", gettext("Up to date")

    @display(description=_("enter"))
    def enter(self, company: Company) -> SafeString:
        return format_html(
            '<a class="{}" href="{}" aria-label="{}">{}</a>',
            BUTTON,
            reverse("enter_company", args=[company.pk]),
            gettext("Enter %(company)s") % {"company": company.name},
            gettext("Enter"),
        )

    @display(description=_("admin who is locked out"))
    def one_time_link(self, company: Company) -> SafeString:
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
            reverse("admin:tenants_company_one_time_link", args=[company.pk]),
            gettext("Make a one-time link"),
        )

    @display(description=_("its data"))
    def data(self, company: Company) -> SafeString:
        return format_html(
            '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
            reverse("admin:tenants_company_data", args=[company.pk]),
            gettext("Export or delete"),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Company | None = None) -> Any:
        return self.add_fieldsets if obj is None else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Company | None = None) -> Any:
        return () if obj is None else self.readonly_fields

    def get_form(
        self, request: HttpRequest, obj: Company | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = CompanyAddForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Company, form: forms.ModelForm[Company], change: bool
    ) -> None:
        if change:
            change_company(company=obj)
            return
        data = form.cleaned_data
        founder = sign_up(
            company_name=data["name"],
            first_name=data["first_name"],
            last_name=data["last_name"],
            email=data["email"],
            password=None,  # nobody knows the password of somebody else
        )
        if founder.company is not None:
            # The admin goes on with the object that it was given: now it is the one made.
            obj.__dict__.update(founder.company.__dict__)

    def response_add(
        self, request: HttpRequest, obj: Company, post_url_continue: str | None = None
    ) -> HttpResponse:
        super().response_add(request, obj, post_url_continue)  # says that it was added
        return redirect("admin:tenants_company_one_time_link", obj.pk)

    # What a superuser does to companies is logged in `public`, also from inside a company.

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        with schema_context(PUBLIC):
            return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        with schema_context(PUBLIC):
            return super().log_change(request, obj, message)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A schema is made from `public`, where a superuser outside a company works.
        return _is_superuser(request) and active_company(request) is None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
