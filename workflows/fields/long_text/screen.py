"""What people see of text of several lines."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from workflows.engine.process import Json
from workflows.fields.field import Field, gettext_noop
from workflows.fields.long_text.rules import TYPE
from workflows.fields.on_screen.screen import Screen, Shows
from workflows.fields.on_screen.shown import Shown


class LongTextScreen(Screen):
    type = TYPE
    control = "lines"
    family = "text"
    limits = (gettext_noop("Fewest characters"), gettext_noop("Most characters"))

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        widget: forms.Widget = UnfoldAdminTextareaWidget(attrs={"rows": "2" if compact else "4"})
        return widget

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        return isinstance(value, str)

    def shown(self, question: Field, value: Json) -> Shown:
        kind = "long" if isinstance(value, str) else "text"
        return Shown(label=question.label, kind=kind, text=self.text(question, value))


SCREEN = LongTextScreen()
