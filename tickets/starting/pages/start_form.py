"""The form of a recurring start: when, as whose ticket, and what it is called."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.models import User
from tenants.names import LONGEST_NAME, plain_email, plain_name
from tickets.starting.preview import readable_rule
from workflows.engine.starts import StartSpec
from workflows.engine.times.recurrence import LONGEST_RULE, DayRule, Frequency
from workflows.engine.times.recurrence import WEEKDAYS as DAYS

WORKING_DAY: Final = "working_day"
WEEKLY: Final = "weekly"
MONTHLY: Final = "monthly"
DAILY: Final = "daily"
RULE: Final = "rule"
HOW: Final = (
    (WORKING_DAY, gettext_lazy("On a working day of each month")),
    (WEEKLY, gettext_lazy("Every week, on these days")),
    (MONTHLY, gettext_lazy("Every month, on this day")),
    (DAILY, gettext_lazy("Every day")),
    (RULE, gettext_lazy("By a rule (RFC 5545)")),
)
_WORKING_DAYS: Final = (
    (-1, gettext_lazy("the last one")),
    (-2, gettext_lazy("the last but one")),
    *((number, f"{number}.") for number in range(1, 24)),
)
_LAST_DAY: Final = -1


class StartForm(forms.Form):
    """`spec` makes what a definition says of it."""

    use_required_attribute = False

    title = forms.CharField(
        label=gettext_lazy("Title"),
        required=False,
        max_length=LONGEST_NAME - 20,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its tickets have it with their day. Empty: the ticket type's."),
    )
    how = forms.ChoiceField(
        label=gettext_lazy("When"), choices=HOW, widget=UnfoldAdminRadioSelectWidget
    )
    working_day = forms.TypedChoiceField(
        label=gettext_lazy("Working day, by the company's calendar"),
        choices=_WORKING_DAYS,
        coerce=int,
        required=False,
        empty_value="-1",
        widget=UnfoldAdminSelectWidget,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Weekdays"),
        choices=tuple(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    month_day = forms.TypedChoiceField(
        label=gettext_lazy("Day of the month"),
        choices=(
            *((number, f"{number}.") for number in range(1, 32)),
            (_LAST_DAY, gettext_lazy("the last one")),
        ),
        coerce=int,
        required=False,
        empty_value="1",
        widget=UnfoldAdminSelectWidget,
    )
    every = forms.IntegerField(
        label=gettext_lazy("Every how many (weeks, months, days)"),
        min_value=1,
        max_value=1_000,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Empty: each. With more than 1, say from which day it counts."),
    )
    rule = forms.CharField(
        label=gettext_lazy("Rule"),
        required=False,
        max_length=LONGEST_RULE,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "FREQ=MONTHLY;BYDAY=1MO"}),
    )
    at = forms.TimeField(
        label=gettext_lazy("Time of day"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
    )
    first = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=gettext_lazy("Nothing starts before this day. Empty: from now on."),
    )
    person = forms.CharField(
        label=gettext_lazy("On behalf of"),
        max_length=254,
        help_text=gettext_lazy("The e-mail address of whoever the tickets belong to."),
        widget=UnfoldAdminTextInputWidget(
            attrs={"list": "people", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    # What a service or the definition calls a part, and its input here.
    PARTS: Final = {"on_behalf_of": "person", "from": "first", "working_day": "working_day"}

    @staticmethod
    def shown(spec: StartSpec, person: User | None) -> dict[str, Any]:
        """What the form begins with."""
        initial: dict[str, Any] = {
            "title": spec.title,
            "how": RULE,
            "rule": spec.rule,
            "at": spec.at or "08:00",
            "first": spec.first,
            "person": person.email if person is not None else spec.email,
        }
        if spec.working_day and not spec.rule:
            return initial | {"how": WORKING_DAY, "working_day": spec.working_day}
        return initial | _how(spec)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("how") == WEEKLY and not data.get("weekdays"):
            self.add_error("weekdays", gettext_lazy("Choose at least one day."))
        if data.get("how") == RULE and not data.get("rule"):
            self.add_error("rule", gettext_lazy("Write a rule such as FREQ=WEEKLY;BYDAY=MO."))
        return data

    def spec(self, before: StartSpec, person: User | None, **more: Any) -> StartSpec:
        data = self.cleaned_data
        first: date | None = data.get("first")
        rule, working_day = _rule_of(data, before)
        return StartSpec(
            key=before.key,
            title=plain_name(data.get("title") or ""),
            rule=rule,
            working_day=working_day,
            at=data["at"].strftime("%H:%M"),
            first=first.isoformat() if first else "",
            email=person.email if person is not None else plain_email(data["person"]),
            **more,
        )


def _rule_of(data: dict[str, Any], before: StartSpec) -> tuple[str, int]:
    every = data.get("every") or 1
    interval = f";INTERVAL={every}" if every > 1 else ""
    match data["how"]:
        case "working_day":
            months = f"FREQ=MONTHLY{interval}" if interval else ""
            return months, int(data["working_day"])
        case "weekly":
            days = ",".join(DAYS[each] for each in sorted(data["weekdays"]))
            return f"FREQ=WEEKLY{interval};BYDAY={days}", 0
        case "monthly":
            return f"FREQ=MONTHLY{interval};BYMONTHDAY={data['month_day']}", 0
        case "daily":
            return f"FREQ=DAILY{interval}", 0
    rule = "".join(str(data["rule"]).split()).upper().removeprefix("RRULE:")
    # A working day in certain months: the months are the rule's.
    return rule, before.working_day if before.rule == rule else 0


def _how(spec: StartSpec) -> dict[str, Any]:
    """Of a rule that this form can say without its text."""
    rule = readable_rule(spec.rule) if spec.rule else DayRule(Frequency.DAILY)
    if rule is None:
        return {}
    every = rule.interval if rule.interval > 1 else None
    plain = DayRule(frequency=rule.frequency, interval=rule.interval)
    if spec.working_day:
        found = {"how": WORKING_DAY, "working_day": spec.working_day}
        return {**found, "every": every} if rule == plain else {}
    weekdays = [day for day, which in rule.by_day if not which]
    if rule.frequency is Frequency.WEEKLY and rule.by_day:
        same = DayRule(Frequency.WEEKLY, rule.interval, by_day=rule.by_day)
        return {"how": WEEKLY, "weekdays": weekdays, "every": every} if rule == same else {}
    if rule.frequency is Frequency.MONTHLY and len(rule.by_month_day) == 1:
        same = DayRule(Frequency.MONTHLY, rule.interval, by_month_day=rule.by_month_day)
        (day,) = rule.by_month_day
        is_offered = rule == same and day >= _LAST_DAY
        return {"how": MONTHLY, "month_day": day, "every": every} if is_offered else {}
    if rule.frequency is Frequency.DAILY and rule == plain:
        return {"how": DAILY, "every": every}
    return {}
