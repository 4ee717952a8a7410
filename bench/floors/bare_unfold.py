"""The floor of a page: a list and a form as Unfold's ModelAdmin makes them, on the same tables.

One company, Django's own middlewares and templates, and a site that knows these two models. Served
by bench/floors/bare_unfold_server.py, with bench/floors/bare_unfold_settings.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import ModelForm
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display
from unfold.sites import UnfoldAdminSite
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from bench.companies.setup import enter
from bench.floors.plain_site import bench_of_server
from tickets.models import Ticket
from workflows.models import CompanyRole

# Of All tickets' filters two have nothing to choose from until an address names it.
FILTERS = 10


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
            return [(str(each), f"Choice {each}") for each in range(4)]

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return queryset

    return SomeFilter


class TicketAdmin(ModelAdmin):
    """The columns, filters and choices that All tickets has, as Unfold itself shows them.

    All tickets are chosen by a box in front of each row, for what is done to several at once.
    """

    list_display = (
        *("number", "definition", "created_by", "status", "priority"),
        *("workflow_instance", "is_rated", "created_at"),
    )
    list_select_related = ("definition", "created_by", "workflow_instance__workflow")
    list_filter = tuple(some_filter(number) for number in range(FILTERS))
    list_filter_submit = True
    search_fields = ("title",)
    list_per_page = 25
    actions = ("do_something",)

    @display(header=True)
    def number(self, ticket: Ticket) -> list[str]:
        return [ticket.title, f"#{ticket.pk}"]

    @display(label=True)
    def status(self, ticket: Ticket) -> str:
        return str(ticket.status.label)

    def is_rated(self, ticket: Ticket) -> bool:
        return bool(ticket.title)

    @action(description="Do something")
    def do_something(self, request: HttpRequest, queryset: Any) -> None:
        """It stands in the list of actions, and is never sent."""


class CompanyRoleForm(ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CompanyRole
        fields = ("name", "description", "members")
        widgets = {"members": UnfoldAdminCheckboxSelectMultipleWidget}


class CompanyRoleAdmin(ModelAdmin):
    """The fields of our page, in the same parts: what uses the role is read, and not typed."""

    form = CompanyRoleForm
    readonly_fields = ("use_list",)
    fieldsets = (
        (None, {"fields": ("name", "description")}),
        ("People", {"fields": ("members",)}),
        ("Where it is used", {"fields": ("use_list",)}),
    )

    def use_list(self, role: CompanyRole) -> str:
        tasks = role.task_definitions.select_related("workflow")
        used = [f"{task.workflow}: {task}" for task in tasks]
        used += [str(each) for each in role.ticket_definitions.all()]
        return ", ".join(used)


site = Site(name="admin")
site.register(Ticket, TicketAdmin)
site.register(CompanyRole, CompanyRoleAdmin)
urlpatterns = [path("app/", site.urls)]
