"""What the two lists of mails share: whose mails they are, and that nobody changes them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime

from tenants.companies.active_company import is_outside
from tenants.pages.detail_page import DetailPageAdmin


class MailListAdmin(DetailPageAdmin):
    """Newest first. Outside of companies superusers see those of the installation."""

    model: ClassVar[type[Model]]
    ordering = ("-pk",)
    sortable_by = ()
    list_before_template = "mail_log/tabs.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_outside(request) or super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_outside(request) or super().has_view_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        if is_outside(request):
            return self.model._default_manager.order_by(*self.ordering)
        return super().get_queryset(request)


def moment(value: Any) -> str:
    return date_format(localtime(value), "DATETIME_FORMAT") if value else "-"
