"""What people see of a time of a day."""

from __future__ import annotations

from datetime import time

from django import forms
from django.utils.formats import time_format

from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.on_screen.moment_screen import MomentScreen
from workflows.fields.on_screen.screen import text_input
from workflows.fields.on_screen.shown import plain
from workflows.fields.time.rules import TYPE


class TimeScreen(MomentScreen):
    type = TYPE
    input_type = "time"
    compared = "time"

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        return text_input("time", step="any")

    def text(self, question: Field, value: Json) -> str:
        try:
            moment = time.fromisoformat(str(value))
        except ValueError:
            return plain(value)
        return time_format(moment, "H:i:s" if moment.second else "H:i")

    def read(self, text: str) -> time:
        return time.fromisoformat(text)


SCREEN = TimeScreen()
