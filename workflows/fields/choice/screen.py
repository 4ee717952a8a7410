"""What people see of a question to which one choice is the answer."""

from __future__ import annotations

from django import forms
from django.contrib.admin.options import VERTICAL
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from workflows.engine.process import Json
from workflows.fields.choice.rules import TYPE
from workflows.fields.field import Field
from workflows.fields.on_screen.editor_facts import AMONG, EQUAL, GIVEN
from workflows.fields.on_screen.screen import Screen, Shows
from workflows.fields.on_screen.shown import plain

MOST_RADIOS = 5


class ChoiceScreen(Screen):
    type = TYPE
    control = "one"
    operators = (*EQUAL, *AMONG, *GIVEN)

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        """A list is shorter than radio buttons: for many choices, and for rows of records."""
        options = list(question.choices)
        if compact or len(options) > MOST_RADIOS:
            chosen: forms.Widget = UnfoldAdminSelectWidget(choices=[("", _("Choose…")), *options])
            return chosen
        if not question.required:
            options.append(("", _("No answer")))
        widget: forms.Widget = UnfoldAdminRadioSelectWidget(VERTICAL, choices=options)
        return widget

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        return self.type.still_fits(question, value) is not None

    def text(self, question: Field, value: Json) -> str:
        return dict(question.choices).get(str(value), plain(value))


SCREEN = ChoiceScreen()
