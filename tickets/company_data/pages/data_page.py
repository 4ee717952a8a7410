"""The pages of a company's data as a whole: its exports, and its deletion."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.companies.active_company import active_company
from tenants.connection import company_of
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company, CompanyExport
from tenants.names import LONGEST_NAME
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tenants.pages.refusals import refusals_in
from tickets.company_data.delete_company import (
    about_how_much,
    ask_for_deletion,
    take_deletion_back,
)
from tickets.company_data.export_company import end_abandoned_export, open_export, start_export

# So many earlier exports are listed.
MOST_SHOWN = 20


class _DataPage(Page):
    """About one company: its admins, and superusers inside it or outside every one."""

    permissions = ("tenants.manage_company_data",)
    needs_company = False

    company: Company

    def find(self, **arguments: Any) -> None:
        active = active_company(self.request)
        company = Company.objects.filter(pk=arguments["object_id"]).first()
        if company is None or (active is not None and active.pk != company.pk):
            raise Http404
        if active is None and not self.person.is_superuser:
            raise Http404
        if company.deletion_began_at is not None:
            raise Http404  # its tables are going
        ensure_up_to_date(company)
        self.company = company

    def shell(self) -> dict[str, Any]:
        return {**super().shell(), "opts": None, "company": self.company}

    def back(self) -> HttpResponse:
        return redirect("admin:tenants_company_data", self.company.pk)

    def exports(self) -> list[CompanyExport]:
        found = CompanyExport.objects.of_company(self.company)[:MOST_SHOWN]
        return [end_abandoned_export(each) for each in found]

    def state(self) -> dict[str, Any]:
        exports = self.exports()
        return {
            "exports": exports,
            "under_way": next((each for each in exports if each.is_under_way), None),
            "company": self.company,
        }


@register_page(Company, "data/", name="tenants_company_own_data")
class OwnDataPage(Page):
    """Leads from the menu to the page of the company in which one works."""

    permissions = ("tenants.manage_company_data",)
    title = gettext_lazy("Export and deletion")
    menu = MenuEntry(MenuSection.COMPANY, icon="inventory_2", order=60)

    def get(self, request: HttpRequest) -> HttpResponse:
        company = active_company(request)
        if company is None:
            raise Http404
        return redirect("admin:tenants_company_data", company.pk)


@register_page(Company, "data/<int:object_id>/", name="tenants_company_data")
class DataPage(_DataPage):
    """The exports that there are; a POST starts one."""

    title = gettext_lazy("Export and deletion")
    template_name = "company_data/data.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        address = reverse("admin:tenants_company_data_state", args=(self.company.pk,))
        return self.show(state_url=address, **self.state())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        start_export(company=self.company, by=self.person)
        return self.back()


@register_page(Company, "data/<int:object_id>/state/", name="tenants_company_data_state")
class DataState(_DataPage):
    """The exports as a piece of HTML, for progress.js."""

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        state = self.state()
        html = render_to_string("company_data/_exports.html", state, request)
        return JsonResponse({"html": html, "over": state["under_way"] is None})


@register_page(
    Company, "data/<int:object_id>/<int:export_id>/archive/", name="tenants_company_archive"
)
class ArchivePage(_DataPage):
    """A POST hands out an archive, after the password was asked again."""

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.back()

    def post(self, request: HttpRequest, **arguments: Any) -> FileResponse:
        exports = CompanyExport.objects.of_company(self.company)
        export = exports.filter(pk=arguments["export_id"]).first()
        if export is None or not export.is_ready:
            raise Http404
        with company_of(self.company.schema_name):
            try:
                content = open_export(export)
            except FileNotFoundError as error:
                raise Http404 from error
        made = date_format(timezone.localtime(export.created_at), "Y-m-d")
        name = f"{self.company.schema_name}-{made}.zip"
        response = FileResponse(
            content, as_attachment=True, filename=name, content_type="application/zip"
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


class DeletionForm(forms.Form):
    typed_name = forms.CharField(
        label=gettext_lazy("Name of the company"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


@register_page(Company, "data/<int:object_id>/deletion/", name="tenants_company_deletion")
class DeletionPage(_DataPage):
    """Says what goes; a POST has it deleted when the days of grace are over, or takes it back."""

    title = gettext_lazy("Delete the company")
    template_name = "company_data/deletion.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._show(DeletionForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "take_back" in request.POST:
            take_deletion_back(company=self.company)
            messages.success(request, gettext("The company stays. Everybody can work again."))
            return self.back()
        form = DeletionForm(request.POST)
        if form.is_valid():
            with refusals_in(form):
                ask_for_deletion(
                    company=self.company,
                    typed_name=form.cleaned_data["typed_name"],
                    now=timezone.now(),
                )
                messages.success(
                    request, gettext("The company is to be deleted. Until then it can be read.")
                )
                return self.back()
        return self._show(form)

    def _show(self, form: DeletionForm) -> HttpResponse:
        exports = CompanyExport.objects.of_company(self.company)
        return self.show(
            form=form,
            counts=about_how_much(self.company),
            last_export=exports.filter(status="DONE").first(),
            days=settings.COMPANY_DELETION_DAYS,
        )
