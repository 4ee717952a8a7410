"""What every screen of company data has in common."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from tenants.active_company import active_company


class CompanyModelAdmin(ModelAdmin):
    """A screen of a company's own data: absent where a request works in no company.

    A superuser outside a company is on `public`, where these tables do not exist: without
    this check the page would answer 500. Nothing is added, changed or deleted here unless
    a subclass says so (`may_add`, `may_change`, `may_delete`) and the person has Django's
    permission for it; company data is kept, not deleted.
    """

    may_add = False
    may_change = False
    may_delete = False
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = False
    list_filter_submit = False
    warn_unsaved_form = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Django looks an object up before it asks whether the person may see it.
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if active_company(request) is not None else rows.none()

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Where it is not there, the page is not there: Django would go to the dashboard."""
        raise Http404

    def has_module_permission(self, request: HttpRequest) -> bool:
        return active_company(request) is not None and bool(super().has_module_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return active_company(request) is not None and bool(
            super().has_view_permission(request, obj)
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return (
            self.may_add
            and active_company(request) is not None
            and bool(super().has_add_permission(request))
        )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return (
            self.may_change
            and active_company(request) is not None
            and bool(super().has_change_permission(request, obj))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return (
            self.may_delete
            and active_company(request) is not None
            and bool(super().has_delete_permission(request, obj))
        )
