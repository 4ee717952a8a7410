"""Views of lists are saved and deleted; they are shown above the lists."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext

from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import Page, register_page, with_pages
from tickets.models import ListOfViews, SavedView
from tickets.saved_views.save_view import SEES, change_view, delete_view, save_view

_LISTS: Final = {
    ListOfViews.ALL_TICKETS: "admin:tickets_ticket_changelist",
    ListOfViews.MY_TASKS: "admin:tickets_mytask_changelist",
    ListOfViews.MY_TICKETS: "admin:tickets_myticket_changelist",
}


@admin.register(SavedView)
class SavedViewAdmin(CompanyModelAdmin):
    """No list: views stand above the lists that they are of."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return with_pages(self, [])


class _ViewPage(Page):
    """For whoever sees the list."""

    http_method_names = ["post"]
    # Whoever sees one of the lists: `ensure_sees` says which.
    permissions = ()

    of: ListOfViews
    query = ""

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and any(map(request.user.has_perm, SEES.values()))

    def ensure_sees(self, of: str) -> None:
        if of not in SEES or not self.person.has_perm(SEES[of]):
            raise Http404
        self.of = ListOfViews(of)

    def back(self) -> HttpResponse:
        address = reverse(_LISTS[self.of])
        return redirect(f"{address}?{self.query}" if self.query else address)


@register_page(SavedView, "save/", name="tickets_savedview_save")
class SaveViewPage(_ViewPage):
    """POST keeps what a list shows, under a name."""

    def find(self, **arguments: Any) -> None:
        self.ensure_sees(self.request.POST.get("of", ""))
        # Refused or not, one comes back to what the list showed.
        self.query = self.request.POST.get("query", "").lstrip("?")

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        view = save_view(
            of=self.of,
            name=request.POST.get("name", ""),
            query=self.query,
            user=self.person,
            is_shared="shared" in request.POST,
        )
        self.query = view.query
        messages.success(request, gettext("The view “%(view)s” is saved.") % {"view": view})
        return self.back()


class _OneViewPage(_ViewPage):
    """About a view that the person sees."""

    view: SavedView

    def find(self, **arguments: Any) -> None:
        found = SavedView.objects.filter(pk=arguments["object_id"]).first()
        if found is None or not (found.is_shared or found.owner_id == self.person.pk):
            raise Http404
        self.ensure_sees(found.of)
        self.view = found


@register_page(SavedView, "<int:object_id>/change/", name="tickets_savedview_edit")
class ChangeViewPage(_OneViewPage):
    """POST renames a view, and shares it or not."""

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        # Refused or not, one comes back to what it shows.
        self.query = self.view.query

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        view = change_view(
            view=self.view,
            name=request.POST.get("name", ""),
            is_shared="shared" in request.POST,
            user=self.person,
        )
        messages.success(request, gettext("The view “%(view)s” is saved.") % {"view": view})
        return self.back()


@register_page(SavedView, "<int:object_id>/delete/", name="tickets_savedview_delete")
class DeleteViewPage(_OneViewPage):
    """POST forgets a view that the person sees."""

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        words = {"view": str(self.view)}
        delete_view(view=self.view, user=self.person)
        messages.success(request, gettext("The view “%(view)s” is deleted.") % words)
        return self.back()
