"""The fields of a Django form that ask questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils import timezone

from workflows.engine.process import Json
from workflows.fields.field import Field


class AskedField(forms.Field):
    """A field of a form that asks a question. Its cleaned value is JSON, or None."""

    spec: Field
    is_group = False  # several controls, with one label
    is_table = False
    is_calculated = False
    note = ""  # stands below the input
    refusal = ""  # why what was sent could not be kept

    def kept_answer(self) -> Json:
        """An answer that was kept before, and stays where what was sent is refused."""
        return None

    def add_problem(self, inside: str, message: str) -> bool:
        """Put a problem beside an input inside; False where there is no such."""
        return False


class CalculatedAnswer(AskedField):
    """What is calculated is shown, and never read from what was sent. `shown` has the text."""

    is_calculated = True

    def __init__(self, question: Field, shown: Callable[[], str]) -> None:
        self.spec = question
        self._shown = shown
        super().__init__(required=False, label=question.label, help_text=question.help)

    @property
    def shown(self) -> str:
        return self._shown()

    def clean(self, value: Any) -> Json:
        return None


class Answer(AskedField):
    """An input whose cleaned value is JSON, or None where nothing was answered.

    It never refuses: text that is no number is handed on as text, for the validator to judge.
    What comes back as it was shown is the value that was there, and is not read anew, where
    `is_exact` says that the input shows it exactly.
    """

    def __init__(
        self,
        question: Field,
        widget: forms.Widget,
        first: Json,
        *,
        initial: Json,
        is_exact: bool = False,
        note: str = "",
    ) -> None:
        self.spec = question
        self._first = first
        self._is_exact = is_exact
        self.note = note
        self.is_group = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
        super().__init__(
            required=False,
            label=question.label,
            help_text=question.help,
            widget=widget,
            initial=initial,
        )
        if question.required and not self.is_group:
            self.widget.attrs["aria-required"] = "true"

    def clean(self, value: Any) -> Json:
        if isinstance(value, str):
            is_untouched = self._is_exact and value.strip() == self.initial != ""
            return self._first if is_untouched else read_text(self.spec, value)
        if isinstance(value, list) and value:
            zone = timezone.get_current_timezone()
            return [self.spec.type.read(self.spec, str(each), zone=zone) for each in value]
        return None


def read_text(question: Field, typed: str) -> Json:
    """What was typed, as JSON; None where nothing was."""
    text = question.type.stripped(typed)
    if not text:
        return None
    return question.type.read(question, text, zone=timezone.get_current_timezone())
