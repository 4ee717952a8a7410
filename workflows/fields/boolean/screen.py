"""What people see of a question that is answered by yes or no."""

from __future__ import annotations

from django import forms
from django.contrib.admin.options import HORIZONTAL
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from workflows.engine.process import Json
from workflows.fields.boolean.rules import TYPE
from workflows.fields.field import Field
from workflows.fields.on_screen.editor_facts import EQUAL, GIVEN
from workflows.fields.on_screen.screen import Screen, SheetCell, Shows


class BooleanScreen(Screen):
    type = TYPE
    control = "yes_no"
    literal = "yes_no"
    compared = "boolean"
    operators = (EQUAL[0], *GIVEN)
    no_answer = False

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        options = [("true", _("Yes")), ("false", _("No"))]
        if compact:
            chosen: forms.Widget = UnfoldAdminSelectWidget(choices=[("", _("Choose…")), *options])
            return chosen
        if not question.required:
            options.append(("", _("No answer")))
        widget: forms.Widget = UnfoldAdminRadioSelectWidget(HORIZONTAL, choices=options)
        return widget

    def initial(self, question: Field, first: Json) -> Json:
        if isinstance(first, bool):
            return "true" if first else "false"
        return super().initial(question, first)

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        return isinstance(value, bool)

    def cell(self, value: Json) -> SheetCell:
        return value if isinstance(value, bool) else None


SCREEN = BooleanScreen()
