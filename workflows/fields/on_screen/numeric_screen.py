"""What the screens of numbers share."""

from __future__ import annotations

from typing import ClassVar, TypeGuard

from django import forms

from workflows.engine.process import Json
from workflows.fields.field import Field, gettext_noop
from workflows.fields.on_screen.editor_facts import EQUAL, GIVEN, ORDER
from workflows.fields.on_screen.screen import Screen, SheetCell, Shows, text_input
from workflows.fields.on_screen.shown import plain
from workflows.fields.on_screen.shown_number import shown_number


class NumericScreen(Screen):
    """A text input: a number input forgets what was typed where its browser reads no number."""

    control = "number"
    literal = "number"
    family = "number"
    limits = (gettext_noop("Smallest number"), gettext_noop("Largest number"))
    compared = "number"
    operators = (*EQUAL, *ORDER, *GIVEN)
    no_answer = 0
    keyboard: ClassVar[str]

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        """The keys for numbers on a phone often have no minus sign."""
        lowest = question.minimum if question.more_than is None else question.more_than
        may_be_negative = isinstance(lowest, int | float) and lowest < 0
        keys = {} if may_be_negative else {"inputmode": self.keyboard}
        return text_input("text", autocomplete="off", **keys)

    def initial(self, question: Field, first: Json) -> Json:
        return shown_number(first) if is_number(first) else super().initial(question, first)

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        return is_number(value) or super().shows(question, value, shows)

    def shows_exactly(self, first: Json) -> bool:
        return is_number(first)

    def text(self, question: Field, value: Json) -> str:
        return shown_number(value, grouped=True) if is_number(value) else plain(value)

    def cell(self, value: Json) -> SheetCell:
        return value if is_number(value) else None


def is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
