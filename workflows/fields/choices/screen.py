"""What people see of a question to which several choices are the answer."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from workflows.engine.process import Json
from workflows.fields.choices.rules import TYPE
from workflows.fields.field import Field, gettext_noop
from workflows.fields.on_screen.editor_facts import GIVEN, HAS
from workflows.fields.on_screen.screen import Screen, Shows
from workflows.fields.on_screen.shown import Shown, plain


class ChoicesScreen(Screen):
    type = TYPE
    control = "several"
    limits = (gettext_noop("Fewest answers"), gettext_noop("Most answers"))
    compared = "choices"
    operators = (*HAS, *GIVEN)
    no_answer: ClassVar[Json] = []

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        options = list(question.choices)
        widget: forms.Widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=options)
        return widget

    def initial(self, question: Field, first: Json) -> Json:
        return first

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        fitting = self.type.still_fits(question, value)
        return isinstance(value, list) and (fitting or []) == value

    def shown(self, question: Field, value: Json) -> Shown:
        if not isinstance(value, list):
            return super().shown(question, value)
        labels = dict(question.choices)
        items = [labels.get(str(each), plain(each)) for each in value]
        return Shown(label=question.label, kind="list", items=items, text=", ".join(items))


SCREEN = ChoicesScreen()
