"""What people see of a moment: in the time zone of the page."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflows.engine.process import Json
from workflows.fields.datetime.moment_input import MomentInput
from workflows.fields.datetime.rules import TYPE
from workflows.fields.field import Field
from workflows.fields.on_screen.moment_screen import MomentScreen
from workflows.fields.on_screen.screen import Shows
from workflows.fields.on_screen.shown import plain


class DateTimeScreen(MomentScreen):
    type = TYPE
    control = "moment"
    literal = "moment"
    input_type = "datetime-local"
    compared = "datetime"

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        return MomentInput()

    def shows_exactly(self, first: Json) -> bool:
        return isinstance(first, str)

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        """In the time zone of the page, which needs one, and a calendar that goes so far."""
        if not super().shows(question, value, shows):
            return False
        try:
            timezone.localtime(self.read(str(value).upper()))
        except (ValueError, OverflowError):
            return False
        return True

    def note(self) -> str:
        return _("Time zone: %(zone)s") % {"zone": timezone.get_current_timezone_name()}

    def initial(self, question: Field, first: Json) -> Json:
        if not isinstance(first, str):
            return super().initial(question, first)
        try:
            local = timezone.localtime(datetime.fromisoformat(first.upper()))
        except (ValueError, OverflowError):
            return first
        return local.replace(tzinfo=None).isoformat()

    def text(self, question: Field, value: Json) -> str:
        try:
            local = timezone.localtime(datetime.fromisoformat(str(value).upper()))
        except (ValueError, OverflowError):
            return plain(value)
        return date_format(local, "DATETIME_FORMAT")

    def read(self, text: str) -> datetime:
        return datetime.fromisoformat(text)


SCREEN = DateTimeScreen()
