"""The page of the report, and its download."""

from __future__ import annotations

from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy

from tenants.audit.record import record
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tickets.models import Ticket
from tickets.reporting.few import as_seen_by, sees_tickets, why_hidden
from tickets.reporting.figures import Figures, TicketTypes
from tickets.reporting.pages.period_form import PeriodForm
from tickets.reporting.pages.shown import shown_section
from tickets.reporting.report import make_report
from tickets.reporting.write_report import write_report
from workflows.flat.admin import DOWNLOADED
from workflows.flat.formats import Csv, Xlsx

FORMATS: Final[dict[str, type[Xlsx | Csv]]] = {"xlsx": Xlsx, "csv": Csv}


class _ReportPage(Page):
    permissions = ("tickets.view_report",)
    title = gettext_lazy("Report")

    @cached_property
    def types(self) -> TicketTypes:
        return TicketTypes()

    @cached_property
    def form(self) -> PeriodForm:
        return PeriodForm(
            self.request.GET, types=self.types.titles, has_own=sees_tickets(self.person)
        )

    def figures(self) -> Figures:
        """Of a valid form."""
        type_key = self.form.cleaned_data["type"]
        period = self.form.as_period()
        return Figures(period, self.types, now=timezone.now(), type_key=type_key)

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_ticket_report")


@register_page(Ticket, "report/", name="tickets_ticket_report")
class ReportPage(_ReportPage):
    """GET `?period=30&type=vacation`, or `?first=2026-11-01&last=2026-11-30`."""

    template_name = "reporting/report.html"
    menu = MenuEntry(MenuSection.ALL_WORK, icon="monitoring", order=40)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        context: dict[str, Any] = {"form": self.form, "subtitle": None}
        if not self.form.is_valid():
            return self.show(**context, sections=[])
        figures = self.figures()
        query = {name: value for name, value in self.form.data.items() if value}
        return self.show(
            **context,
            period=figures.period.days.in_words,
            type_title=self.types.titles.get(figures.type_key, ""),
            why_hidden="" if sees_tickets(self.person) else why_hidden(),
            sections=[shown_section(each, by=self.person) for each in make_report(figures)],
            export_url=reverse("admin:tickets_ticket_report_export", query=query),
        )


@register_page(Ticket, "report/export/", name="tickets_ticket_report_export")
class ReportExportPage(_ReportPage):
    """POST `format=xlsx` or `csv` downloads what the page shows at the same query."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        kind = FORMATS.get(request.POST.get("format", ""))
        if kind is None or not self.form.is_valid():
            return self.back()
        figures = self.figures()
        sections = [as_seen_by(each, self.person) for each in make_report(figures)]
        days = figures.period.days
        title = self.types.titles.get(figures.type_key, "")
        with kind().begin(has_many_tables=True) as file:
            rows = write_report(sections, file, days=days, type_title=title, now=figures.now)
            content = file.finish()
        name = f"{slugify(gettext('Report')) or 'report'}-{days.first}-{days.last}.{file.extension}"
        filters = {name: value for name, value in self.form.data.items() if value}
        record(DOWNLOADED, list="tickets.report", rows=rows, filters=filters, file=name)
        return FileResponse(
            content,
            as_attachment=True,
            filename=name,
            content_type=file.content_type,
            headers={"X-Content-Type-Options": "nosniff"},
        )
