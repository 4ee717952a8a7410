"""By what the list of people is narrowed down."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tenants.roles import SystemRole
from workflows.models import CompanyRole, Invitation

# In the filter by system role: who has none.
NO_ROLE = "none"


class SystemRoleFilter(admin.SimpleListFilter):
    title = _("system role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*SystemRole.choices, (NO_ROLE, _("None: sees nothing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        role = self.value()
        if role == NO_ROLE:
            return queryset.filter(groups=None, is_active=True, is_superuser=False)
        return queryset.filter(groups__name=role) if role in SystemRole else queryset


class StateFilter(admin.SimpleListFilter):
    """By what the column of the same name says."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("invited", _("Invited")),
            ("never", _("Never logged in")),
            ("away", _("Away")),
            ("there", _("Present")),
            ("off", _("Deactivated")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        active, came = queryset.filter(is_active=True), {"last_login__isnull": False}
        is_invited = Exists(Invitation.objects.open().filter(person=OuterRef("pk")))
        match self.value():
            case "invited":
                return active.filter(is_invited, last_login=None)
            case "never":
                return active.filter(~is_invited, last_login=None)
            case "away":
                return active.filter(**came, is_available=False)
            case "there":
                return active.filter(**came, is_available=True)
            case "off":
                return queryset.filter(is_active=False)
        return queryset


class LogInFilter(admin.SimpleListFilter):
    """Who has never logged in was perhaps never told that they can."""

    title = _("log-in")
    parameter_name = "log_in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("never", _("Never logged in")), ("ever", _("Has logged in"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() not in ("never", "ever"):
            return queryset
        return queryset.filter(last_login__isnull=self.value() == "never")


class CompanyRoleFilter(admin.SimpleListFilter):
    title = _("company role")
    parameter_name = "company_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(role.pk), role.name) for role in CompanyRole.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        known = {value for value, _label in self.lookup_choices}
        role = self.value()
        return queryset.filter(company_roles=int(role)) if role and role in known else queryset
