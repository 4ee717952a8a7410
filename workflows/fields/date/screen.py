"""What people see of a day."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format

from workflows.engine.process import Json
from workflows.fields.date.rules import TYPE
from workflows.fields.field import Field
from workflows.fields.on_screen.moment_screen import MomentScreen
from workflows.fields.on_screen.shown import plain


class DateScreen(MomentScreen):
    type = TYPE
    input_type = "date"
    compared = "date"

    def text(self, question: Field, value: Json) -> str:
        try:
            return date_format(date.fromisoformat(str(value)), "DATE_FORMAT")
        except ValueError:
            return plain(value)

    def read(self, text: str) -> date:
        return date.fromisoformat(text)


SCREEN = DateScreen()
