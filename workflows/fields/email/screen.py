"""What people see of an e-mail address."""

from __future__ import annotations

from django import forms

from workflows.engine.process import Json
from workflows.fields.email.rules import TYPE
from workflows.fields.field import Field
from workflows.fields.on_screen.screen import Screen, text_input
from workflows.fields.on_screen.shown import Shown


class EmailScreen(Screen):
    type = TYPE
    input_type = "email"

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        return text_input("email", autocomplete="off")

    def shown(self, question: Field, value: Json) -> Shown:
        kind = "email" if isinstance(value, str) else "text"
        return Shown(label=question.label, kind=kind, text=self.text(question, value))


SCREEN = EmailScreen()
