"""The floor of a page: a list and a form as Unfold's ModelAdmin makes them, on the same tables.

One company, Django's own middlewares and templates, and a site that knows these two models. Served
by bench/bare_unfold_server.py, with bench/bare_unfold_settings.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.sites import UnfoldAdminSite

from bench.plain_site import bench_of_server
from bench.setup import enter
from tickets.models import Ticket
from workflows.models import CompanyRole

FILTERS = 12


class OneCompanyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.bench = bench_of_server()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        enter(self.bench)
        return self.get_response(request)


class Site(UnfoldAdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated


def some_filter(number: int) -> type[DropdownFilter]:
    """One to choose from, as most filters of All tickets are; it narrows nothing."""

    class SomeFilter(DropdownFilter):
        title = f"filter {number}"
        parameter_name = f"filter_{number}"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(str(each), f"Choice {each}") for each in range(6)]

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return queryset

    return SomeFilter


class TicketAdmin(ModelAdmin):
    """As many columns and filters as All tickets has."""

    list_display = (
        *("id", "title", "definition", "created_by", "priority", "created_at"),
        *("workflow_instance", "is_rated"),
    )
    list_select_related = ("definition", "created_by", "workflow_instance__workflow")
    list_filter = tuple(some_filter(number) for number in range(FILTERS))
    list_filter_submit = True
    search_fields = ("title",)
    list_per_page = 25

    def is_rated(self, ticket: Ticket) -> bool:
        return bool(ticket.title)


class CompanyRoleAdmin(ModelAdmin):
    filter_horizontal = ()


site = Site(name="admin")
site.register(Ticket, TicketAdmin)
site.register(CompanyRole, CompanyRoleAdmin)
urlpatterns = [path("app/", site.urls)]
