"""What people see of a phone number."""

from __future__ import annotations

from django import forms

from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.on_screen.screen import Screen, text_input
from workflows.fields.on_screen.shown import Shown
from workflows.fields.phone.rules import TYPE


class PhoneScreen(Screen):
    type = TYPE
    input_type = "tel"

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        return text_input("tel", autocomplete="off")

    def shown(self, question: Field, value: Json) -> Shown:
        kind = "phone" if isinstance(value, str) else "text"
        return Shown(label=question.label, kind=kind, text=self.text(question, value))


SCREEN = PhoneScreen()
