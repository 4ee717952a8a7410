"""What people see of a web address."""

from __future__ import annotations

from django import forms

from workflows.engine.process import Json
from workflows.engine.schemas.json_schema import is_web_address
from workflows.fields.field import Field
from workflows.fields.on_screen.screen import Screen, text_input
from workflows.fields.on_screen.shown import Shown
from workflows.fields.url.rules import TYPE


class UrlScreen(Screen):
    type = TYPE
    input_type = "url"

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        return text_input("url", placeholder="https://")

    def shown(self, question: Field, value: Json) -> Shown:
        """A link, where it is one that a page may hold."""
        if isinstance(value, str) and is_web_address(value):
            return Shown(label=question.label, kind="link", text=value)
        return super().shown(question, value)


SCREEN = UrlScreen()
