"""What every screen of company data has in common."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.contrib.admin import display as admin_display
from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, checkbox
from unfold.views import ChangeList

from tenants.companies.active_company import active_company
from tenants.pages.page import with_pages
from tenants.pages.paging import PagedChangeList, capped_paginator
from tenants.pages.refusals import TellsRefusals


class GuardedListMixin:
    """A list that is narrowed by its filters alone, whatever stands in the address.

    Django would take any field of the model from there, also one of another model, and hand
    on what Postgres refuses, such as a broken regular expression: a page that answers 500.
    What is not understood leads back to the list.
    """

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        # Django's own says “Select company role to change”.
        title = capfirst(str(self.opts.verbose_name_plural))  # type: ignore[attr-defined]
        context = {"title": title, **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        filters = self.get_list_filter(request)  # type: ignore[attr-defined]
        return any(lookup in _parameters_of(each) for each in filters)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)  # type: ignore[misc]
        except (DisallowedModelAdminLookup, DisallowedModelAdminToField) as error:
            # Django answers this with a bare 400, and what it is made into with the list.
            raise IncorrectLookupParameters from error

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], **options: Any) -> Any:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(each.isascii() and each.isdigit() and len(each) <= 18 for each in chosen):
            messages.warning(request, _("What you chose is not known here. Choose again."))
            return None
        return super().response_action(request, queryset, **options)  # type: ignore[misc]


def _parameters_of(list_filter: Any) -> frozenset[str]:
    """What a filter reads from the address."""
    if isinstance(list_filter, str | tuple | list):
        field = list_filter if isinstance(list_filter, str) else str(list_filter[0])
        return frozenset((f"{field}__exact", f"{field}__isnull"))
    return frozenset((str(list_filter.parameter_name),))


@lru_cache
def _checkbox(language: str) -> tuple[str, str]:
    """Unfold's, before and after its value: its template takes a tenth of a list's time."""
    value = "0123456789"
    with override(language or None):
        text = checkbox.render(ACTION_CHECKBOX_NAME, value)
    before, after = text.split(value)
    return before, after


class CompanyModelAdmin(TellsRefusals, GuardedListMixin, ModelAdmin):
    """A screen of a company's own data: absent where a request works in no company.

    A superuser outside a company is on `public`, where these tables do not exist: without
    this check the page would answer 500. Nothing is added, changed or deleted here unless
    a subclass says so (`may_add`, `may_change`, `may_delete`) and the person has Django's
    permission for it; company data is kept, not deleted.
    """

    may_add = False
    may_change = False
    may_delete = False
    # What the list shows nothing of, and what may be long: it is not fetched for its rows.
    not_listed: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = False
    list_filter_submit = False
    warn_unsaved_form = True

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return PagedChangeList

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> Any:
        return capped_paginator(
            request, queryset, per_page, orphans=orphans, allow_empty=allow_empty_first_page
        )

    @admin_display(description=ModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: Model) -> SafeString:
        """As Unfold has it; all that differs between two rows is the number."""
        if not isinstance(obj.pk, int):
            unfolds: SafeString = super().action_checkbox(obj)
            return unfolds
        before, after = _checkbox(get_language() or "")
        # A number: nothing that would have to be escaped.
        return SafeString(f"{before}{obj.pk}{after}")  # nosec B703

    def get_urls(self) -> list[URLPattern]:
        return with_pages(self, super().get_urls())

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
