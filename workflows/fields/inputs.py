"""One native input for each type of field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeGuard

from django import forms
from django.contrib.admin.options import HORIZONTAL, VERTICAL
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from workflows.engine.choices import known_choice
from workflows.engine.composed import composed_text
from workflows.engine.field_types import Field, FieldType
from workflows.engine.number_text import NumberTextError, parse_number
from workflows.engine.process import Json
from workflows.forms.shown_number import shown_number

MOST_RADIOS = 5
_T = FieldType
_NUMBERS: Final = frozenset({_T.INTEGER, _T.NUMBER})


class Answer(forms.Field):
    """An input whose cleaned value is JSON, or None where nothing was answered.

    It never refuses: text that is no number is handed on as text, for the validator to judge.
    What comes back as it was shown is the value that was there, and is not read anew.
    """

    def __init__(self, spec: Field, widget: forms.Widget, first: Json) -> None:
        self.spec = spec
        self._first = first
        self.is_group = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
        super().__init__(
            required=False,
            label=spec.label,
            help_text=spec.help,
            widget=widget,
            initial=_initial(spec, first),
        )
        if spec.required:
            widget.attrs["aria-required"] = "true"

    def clean(self, value: Any) -> Json:
        if isinstance(value, str):
            return self._first if self._is_untouched(value) else read_text(self.spec, value)
        if isinstance(value, list) and value:
            return [known_choice(str(each), self.spec.choices) for each in value]
        return None

    def _is_untouched(self, typed: str) -> bool:
        """Whether this is how the input shows a number or a moment that was there before."""
        is_number = self.spec.type in _NUMBERS and _is_number(self._first)
        is_moment = self.spec.type is _T.DATETIME and isinstance(self._first, str)
        return (is_number or is_moment) and typed.strip() == self.initial != ""


def make_input(spec: Field, first: Json, *, compact: bool = False) -> Answer:
    """The input of a field; `compact` prefers a list to radio buttons, for rows of records."""
    return Answer(spec, _WIDGETS.get(spec.type, _text)(spec, compact), first)


def read_text(spec: Field, typed: str) -> Json:
    """What was typed, as JSON; None where nothing was."""
    if spec.type in (_T.CHOICE, _T.CHOICES):
        # A browser sends the line ends of a value as CR LF, whatever they were.
        return known_choice(typed, spec.choices) or None
    text = composed_text(typed).replace("\r\n", "\n").replace("\r", "\n")
    text = text.rstrip() if spec.type is _T.LONG_TEXT and text.strip() else text.strip()
    if not text:
        return None
    return _READERS.get(spec.type, str)(text)


def _read_number(text: str, *, whole: bool) -> Json:
    try:
        return parse_number(text, whole=whole)
    except NumberTextError:
        return text


def _read_boolean(text: str) -> Json:
    return {"true": True, "false": False}.get(text, text)


def _read_moment(text: str) -> Json:
    """A date and time without a zone is meant in the zone that the page shows."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return text
        moment = timezone.make_aware(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return moment.isoformat().replace("+00:00", "Z")


_READERS: Final[Mapping[FieldType, Callable[[str], Json]]] = {
    _T.INTEGER: partial(_read_number, whole=True),
    _T.NUMBER: partial(_read_number, whole=False),
    _T.BOOLEAN: _read_boolean,
    _T.DATETIME: _read_moment,
}


def _initial(spec: Field, first: Json) -> Json:
    """An answer as its input shows it."""
    if spec.type is _T.BOOLEAN and isinstance(first, bool):
        return "true" if first else "false"
    if spec.type is _T.DATETIME and isinstance(first, str):
        try:
            local = timezone.localtime(datetime.fromisoformat(first.upper()))
        except (ValueError, OverflowError):
            return first
        return local.replace(tzinfo=None).isoformat()
    if spec.type is _T.CHOICES:
        return first
    if spec.type in _NUMBERS and _is_number(first):
        return shown_number(first)
    return None if first is None or isinstance(first, list | dict) else str(first)


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _input(kind: str, **attrs: str) -> Callable[[Field, bool], forms.Widget]:
    def make(_spec: Field, _compact: bool) -> forms.Widget:
        widget: forms.Widget = UnfoldAdminTextInputWidget(attrs={"type": kind, **attrs})
        return widget

    return make


_text = _input("text")


def _long_text(_spec: Field, compact: bool) -> forms.Widget:
    widget: forms.Widget = UnfoldAdminTextareaWidget(attrs={"rows": "2" if compact else "4"})
    return widget


def _boolean(spec: Field, compact: bool) -> forms.Widget:
    options = [("true", _("Yes")), ("false", _("No"))]
    if compact:
        chosen: forms.Widget = UnfoldAdminSelectWidget(choices=[("", _("Choose…")), *options])
        return chosen
    if not spec.required:
        options.append(("", _("No answer")))
    widget: forms.Widget = UnfoldAdminRadioSelectWidget(HORIZONTAL, choices=options)
    return widget


def _choice(spec: Field, compact: bool) -> forms.Widget:
    options = list(spec.choices)
    if compact or len(options) > MOST_RADIOS:
        chosen: forms.Widget = UnfoldAdminSelectWidget(choices=[("", _("Choose…")), *options])
        return chosen
    if not spec.required:
        options.append(("", _("No answer")))
    widget: forms.Widget = UnfoldAdminRadioSelectWidget(VERTICAL, choices=options)
    return widget


def _choices(spec: Field, _compact: bool) -> forms.Widget:
    widget: forms.Widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=list(spec.choices))
    return widget


def _number(spec: Field, compact: bool) -> forms.Widget:
    """A text input: a number input forgets what was typed where its browser reads no number.

    The keys for numbers on a phone often have no minus sign.
    """
    lowest = spec.minimum if spec.more_than is None else spec.more_than
    attrs = {"autocomplete": "off"}
    if not isinstance(lowest, int | float) or lowest >= 0:
        attrs["inputmode"] = "numeric" if spec.type is _T.INTEGER else "decimal"
    return _input("text", **attrs)(spec, compact)


_WIDGETS: Final[Mapping[FieldType, Callable[[Field, bool], forms.Widget]]] = {
    _T.LONG_TEXT: _long_text,
    _T.INTEGER: _number,
    _T.NUMBER: _number,
    _T.BOOLEAN: _boolean,
    _T.CHOICE: _choice,
    _T.CHOICES: _choices,
    _T.DATE: _input("date"),
    _T.TIME: _input("time", step="any"),
    _T.DATETIME: _input("datetime-local", step="any"),
    _T.EMAIL: _input("email", autocomplete="off"),
    _T.URL: _input("url", placeholder="https://"),
    _T.PHONE: _input("tel", autocomplete="off"),
}
