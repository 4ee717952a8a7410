from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants.superusers import visits

_HOUR, _DAY = 60, 24 * 60


def _durations() -> list[tuple[int, str]]:
    return [(minutes, _duration(minutes)) for minutes in visits.MINUTES]


def _duration(minutes: int) -> str:
    if minutes < _HOUR:
        text, count = ngettext("%(n)d minute", "%(n)d minutes", minutes), minutes
    elif minutes < _DAY:
        count = minutes // _HOUR
        text = ngettext("%(n)d hour", "%(n)d hours", count)
    else:
        count = minutes // _DAY
        text = ngettext("%(n)d day", "%(n)d days", count)
    return text % {"n": count}


class EnterCompanyForm(forms.Form):
    """Why a superuser enters a company, and for how long."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=visits.LONGEST_REASON,
        help_text=_("The company reads it in its audit log, with what you open and change there."),
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    minutes = forms.ChoiceField(
        label=_("For how long"),
        choices=_durations,
        help_text=_("It ends by itself then, or when you leave."),
        widget=UnfoldAdminSelectWidget,
    )
