"""Detail pages that are to be read, not filled in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponse

from tenants.pages.company_admin import CompanyModelAdmin


class DetailPageAdmin(CompanyModelAdmin):
    """A screen whose detail page is a template of its own (`change_form_template`).

    The template extends `pages/detail.html` and finds in its context what
    `page_context` returns. There is no form: what can be done is done by buttons that POST.
    """

    warn_unsaved_form = False
    list_title: Any = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": self.list_title, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the template shows of the object."""
        return {}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context.update(self.page_context(request, obj))
        response: HttpResponse = super().render_change_form(
            request, context, add, change, form_url, obj
        )
        return response
