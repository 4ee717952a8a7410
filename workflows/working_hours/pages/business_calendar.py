"""The page of a company's working hours: what due dates and timeouts count by."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tenants.refusals import refusals
from workflows.engine.errors import SpanError
from workflows.engine.times.calendar import Span, read_spans, write_spans
from workflows.models import BusinessCalendar, CompanyRole
from workflows.working_hours.change_calendar import save_business_calendar

MOST_HOLIDAYS: Final = 500
_HOLIDAY: Final = re.compile(r"([0-9]{4}-)?([0-9]{2}-[0-9]{2})(?:\s+(.*))?")
LEAP_YEAR: Final = "2024-"


def _time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class BusinessCalendarForm(forms.Form):
    """Working hours as text, a line for each weekday and for each holiday."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=_time_zones, widget=UnfoldAdminSelectWidget
    )
    holidays = forms.CharField(
        label=gettext_lazy("Holidays"),
        required=False,
        max_length=50_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "One on each line: 2026-04-06 Easter Monday, or 12-25 Christmas for every year."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holidays = self.fields.pop("holidays")
        for number, name in WEEKDAYS.items():
            self.fields[f"day_{number}"] = forms.CharField(
                label=name,
                required=False,
                max_length=200,
                widget=UnfoldAdminTextInputWidget(attrs={"placeholder": gettext("Closed")}),
            )
        self.fields["holidays"] = holidays

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        week = [self._day(f"day_{number}") for number in WEEKDAYS]
        if not self.errors and not any(week):
            self.add_error("day_0", gettext("Give the working hours of at least one day."))
        data["week"] = week
        return data

    def _day(self, name: str) -> tuple[Span, ...]:
        with refusals(SpanError):
            return read_spans(self.cleaned_data.get(name, ""))
        text = gettext("Write 09:00-17:00, or 09:00-12:00, 13:00-17:00; nothing: closed.")
        self.add_error(name, text)
        return ()

    def clean_holidays(self) -> list[tuple[str, str]]:
        lines = [each.strip() for each in self.cleaned_data["holidays"].splitlines()]
        found = dict(_holiday(each) for each in lines if each)
        if len(found) > MOST_HOLIDAYS:
            raise ValidationError(gettext("Give at most %(most)d.") % {"most": MOST_HOLIDAYS})
        return sorted(found.items())


def _holiday(line: str) -> tuple[str, str]:
    match = _HOLIDAY.fullmatch(line)
    try:
        if match is None:
            raise ValueError
        date.fromisoformat((match[1] or LEAP_YEAR) + match[2])
    except ValueError:
        message = gettext("“%(line)s” does not begin with a date such as 2026-04-06, or 12-25.")
        raise ValidationError(message % {"line": line[:80]}) from None
    return (match[1] or "") + match[2], (match[3] or "").strip()


def as_initial(calendar: BusinessCalendar) -> dict[str, str]:
    """What the form begins with."""
    days = {
        f"day_{number}": write_spans(Span(*span) for span in day)
        for number, day in enumerate(calendar.week)
    }
    lines = [f"{each['date']} {each['name']}".strip() for each in calendar.holidays]
    return {**days, "time_zone": calendar.time_zone, "holidays": "\n".join(lines)}


@register_page(CompanyRole, "working-hours/", name="workflows_businesscalendar")
class WorkingHoursPage(Page):
    """A company has one calendar: what counts where nobody has set it, until somebody does."""

    permissions = ("workflows.change_businesscalendar",)
    title = gettext_lazy("Working hours")
    template_name = "working_hours/business_calendar.html"
    menu = MenuEntry(MenuSection.COMPANY, icon="schedule", order=30)

    calendar: BusinessCalendar

    def find(self, **arguments: Any) -> None:
        self.calendar = BusinessCalendar.objects.current()

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._form_page(BusinessCalendarForm(initial=as_initial(self.calendar)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BusinessCalendarForm(request.POST, initial=as_initial(self.calendar))
        if not form.is_valid():
            return self._form_page(form)
        save_business_calendar(
            time_zone=form.cleaned_data["time_zone"],
            week=form.cleaned_data["week"],
            holidays=form.cleaned_data["holidays"],
        )
        messages.success(request, gettext("The working hours were saved."))
        return redirect("admin:workflows_businesscalendar")

    def _form_page(self, form: BusinessCalendarForm) -> HttpResponse:
        return self.show(opts=None, form=form, is_saved=self.calendar.pk is not None)
