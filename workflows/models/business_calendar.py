from __future__ import annotations

from datetime import date
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.engine.times.calendar import OFFICE_WEEK, Span, WorkingTime

# [[[opens, closes], ...], ...]: for each weekday from Monday on, in minutes from midnight.
type Week = list[list[list[int]]]


def office_week() -> Week:
    return [[[each.opens, each.closes] for each in day] for day in OFFICE_WEEK]


def default_time_zone() -> str:
    return str(settings.TIME_ZONE)


class BusinessCalendarQuerySet(models.QuerySet["BusinessCalendar"]):
    def current(self) -> BusinessCalendar:
        """The company's calendar; office hours where it has saved none."""
        return self.first() or BusinessCalendar()


class BusinessCalendar(models.Model):
    """When a company works: what due dates and timeouts count by. One row at most.

    `holidays` is a list of {"date", "name"}; a date is 2026-04-06, or 12-25 for every year.
    """

    time_zone = models.CharField(_("time zone"), max_length=63, default=default_time_zone)
    week = models.JSONField(_("working hours"), default=office_week)
    holidays = models.JSONField(_("holidays"), default=list, blank=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects: ClassVar[BusinessCalendarQuerySet] = BusinessCalendarQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = (models.UniqueConstraint(models.Value(1), name="business_calendar_only_one"),)

    def __str__(self) -> str:
        return str(_("Working hours"))

    def working_time(self) -> WorkingTime:
        days = [str(each["date"]) for each in self.holidays]
        return WorkingTime(
            zone=ZoneInfo(self.time_zone),
            week=tuple(tuple(Span(*span) for span in day) for day in self.week),
            holidays=frozenset(date.fromisoformat(day) for day in days if len(day) == 10),
            yearly_holidays=frozenset(
                (int(day[:2]), int(day[3:])) for day in days if len(day) == 5
            ),
        )
