"""A company's working hours: what due dates and timeouts count by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router

from tenants.api.operations import operation
from tenants.api.problems import PLACES, ProblemError, pointer
from tenants.api.sent import Sent
from tenants.api.versions import ensure_unchanged, etag_of
from tenants.names import LONGEST_NAME
from tenants.tokens.scopes import Scope
from workflows.errors import WorkflowsError
from workflows.models import BusinessCalendar
from workflows.working_hours.change_calendar import save_business_calendar
from workflows.working_hours.pages.business_calendar import (
    MOST_HOLIDAYS,
    BusinessCalendarForm,
    as_initial,
)

router = Router(tags=["Settings and reports"])
DAYS: Final = 7
_DAY: Final = "day_"


class WorkingHoursError(WorkflowsError):
    """`problems` says what is wrong with each part, by its name on the form of the page."""

    message = _("These cannot be the working hours.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, problems: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.problems = problems


@PLACES.register
def places_of_working_hours(error: Exception) -> list[ProblemError]:
    """Each part: /week/0, /time_zone, /holidays."""
    if not isinstance(error, WorkingHoursError):
        return []
    return [
        ProblemError(detail=" ".join(texts), pointer=_pointer(name))
        for name, texts in error.problems.items()
    ]


class Holiday(Sent):
    date: Annotated[str, Field(pattern=r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$")] = Field(
        description="2026-04-06, or 12-25 for every year."
    )
    name: Annotated[str, Field(max_length=LONGEST_NAME, pattern=r"^[^\r\n]*$")] = ""


class WorkingHours(Sent):
    time_zone: str = Field(max_length=63)
    week: list[Annotated[str, Field(max_length=200)]] = Field(
        min_length=DAYS,
        max_length=DAYS,
        description="From Monday on: 09:00-12:00, 13:00-17:00; an empty text: closed.",
    )
    holidays: list[Holiday] = Field(max_length=MOST_HOLIDAYS)
    outside_language: str = Field(
        default="", max_length=10, description="Of mails to people outside; empty: the usual one."
    )

    @classmethod
    def of(cls, calendar: BusinessCalendar) -> WorkingHours:
        shown = as_initial(calendar)
        return cls(
            time_zone=calendar.time_zone,
            week=[shown[f"{_DAY}{number}"] for number in range(DAYS)],
            holidays=[
                Holiday(date=str(each["date"]), name=str(each["name"]))
                for each in calendar.holidays
            ],
            outside_language=calendar.outside_language,
        )

    def as_form(self) -> dict[str, Any]:
        """As the page's form is sent."""
        return {
            "time_zone": self.time_zone,
            "outside_language": self.outside_language,
            "holidays": "\n".join(f"{each.date} {each.name}" for each in self.holidays),
            **{f"{_DAY}{number}": text for number, text in enumerate(self.week)},
        }


@operation(
    router, "GET", "/working-hours", scope=Scope.SETTINGS_READ, answer=WorkingHours,
    permissions=("workflows.view_businesscalendar",),
)  # fmt: skip
def get_working_hours(request: HttpRequest, response: HttpResponse) -> WorkingHours:
    """Read the working hours and holidays of the company."""
    found = WorkingHours.of(BusinessCalendar.objects.current())
    response["ETag"] = etag_of(found.model_dump_json())
    return found


@operation(
    router, "PUT", "/working-hours", scope=Scope.SETTINGS_WRITE, answer=WorkingHours,
    permissions=("workflows.change_businesscalendar",), versioned=True,
)  # fmt: skip
def set_working_hours(request: HttpRequest, wanted: WorkingHours) -> WorkingHours:
    """Say when the company works. What is due already stays due when it was."""
    form = BusinessCalendarForm(wanted.as_form())
    if not form.is_valid():
        raise WorkingHoursError({name: list(map(str, each)) for name, each in form.errors.items()})
    with transaction.atomic():
        BusinessCalendar.objects.select_for_update().first()  # as the service locks it
        now = WorkingHours.of(BusinessCalendar.objects.current())
        ensure_unchanged(request, now.model_dump_json())
        saved = save_business_calendar(
            time_zone=form.cleaned_data["time_zone"],
            week=form.cleaned_data["week"],
            holidays=form.cleaned_data["holidays"],
            outside_language=form.cleaned_data["outside_language"],
        )
    return WorkingHours.of(saved)


def _pointer(name: str) -> str:
    number = name.removeprefix(_DAY)
    return pointer("week", number) if name.startswith(_DAY) else pointer(name)
