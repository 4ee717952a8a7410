"""What a report is asked for: the time, and the ticket type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tickets.finding.days import FIRST, LAST
from tickets.reporting.period import LONGEST_DAYS, Period

OWN: Final = "own"
YEAR: Final = "year"
DEFAULT: Final = "30"
PERIODS: Final = (
    ("7", gettext_lazy("The last 7 days")),
    ("30", gettext_lazy("The last 30 days")),
    ("90", gettext_lazy("The last 90 days")),
    (YEAR, gettext_lazy("This year")),
    (OWN, gettext_lazy("From … to …")),
)
# For who may not see tickets: by days of one's own the figures of single ones could be computed.
FIXED: Final = frozenset({"30", "90", YEAR})


class DayInput(UnfoldAdminTextInputWidget):
    input_type = "date"


def _day(label: Any) -> forms.DateField:
    widget = DayInput(attrs={"min": FIRST.isoformat(), "max": LAST.isoformat()})
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class PeriodForm(forms.Form):
    """Read from the address. Days alone, without `period`, mean a time of one's own.

    Without `has_own` there are the fixed times alone.
    """

    period = forms.ChoiceField(
        label=pgettext_lazy("a period", "Time"),
        choices=PERIODS,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    first = _day(gettext_lazy("From"))
    last = _day(gettext_lazy("To"))
    type = forms.ChoiceField(
        label=gettext_lazy("Ticket type"), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(
        self, asked: Mapping[str, Any], *, types: Mapping[str, str], has_own: bool
    ) -> None:
        values = {name: asked.get(name, "") for name in ("period", "first", "last", "type")}
        has_days = bool(values["first"] or values["last"])
        values["period"] = values["period"] or (OWN if has_days else DEFAULT)
        super().__init__(values)
        if not has_own:
            time = cast("forms.ChoiceField", self.fields["period"])
            time.choices = [each for each in PERIODS if each[0] in FIXED]
            del self.fields["first"], self.fields["last"]
        kind = cast("forms.ChoiceField", self.fields["type"])
        kind.choices = [("", _("All ticket types")), *types.items()]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("period") != OWN or self.errors:
            return values
        first, last = values.get("first"), values.get("last")
        if first is None:
            self.add_error("first", _("Say from which day on."))
        elif first < FIRST:
            self.add_error("first", _("Choose a day after 1970."))
        elif first > LAST:
            self.add_error("first", _("Choose a day before the year 9000."))
        elif last is not None and last > LAST:
            self.add_error("last", _("Choose a day before the year 9000."))
        elif last is not None and last < first:
            self.add_error("last", _("The last day comes before the first."))
        elif ((last or localdate()) - first).days >= LONGEST_DAYS:
            self.add_error("first", _("Choose ten years at most."))
        return values

    def as_period(self) -> Period:
        """Of a valid form."""
        today = localdate()
        chosen = self.cleaned_data["period"]
        if chosen == OWN:
            first: date = self.cleaned_data["first"]
            return Period(first, self.cleaned_data["last"] or max(today, first))
        if chosen == YEAR:
            return Period(date(today.year, 1, 1), today)
        return Period(today - timedelta(days=int(chosen) - 1), today)
