"""What a layout gets of the page that shows it: its source, the questions, and the answers.

Only what the page shows to this person without a layout is handed over: of people their names, of
files their names. Whoever hands over what came of a task asks `tickets.seeing` for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from workflows.engine.errors import FieldError
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import validator_for
from workflows.fields.field import Field
from workflows.fields.on_screen.screens import show_answer, shown_to_layout
from workflows.forms.answers import AnswersForm

# A question of these is answered beside the layout: no script may fill in a file.
BESIDE: Final = frozenset({"file"})


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout with what it gets, for the templates `layouts/shown.html` and `layouts/edit.html`.

    `texts` are the answers as people read them, by the names of their questions.
    """

    source: str
    fields: list[Json]
    data: JsonObject = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def display_layout(
    source: str,
    specs: object,
    data: Mapping[str, Json] | None,
    *,
    only: Collection[str] | None = None,
) -> Layout | None:
    """A layout that shows answers; None where there is none, or nothing to show.

    `only`: the questions that the reader may know of; None: all. Never raises.
    """
    if not source.strip() or not data:
        return None
    questions = [each for each in _questions(specs) if only is None or each.name in only]
    given = {name: value for name, value in data.items() if only is None or name in only}
    shown = {each.name: given[each.name] for each in questions if given.get(each.name) is not None}
    texts = {
        each.name: show_answer(each, shown[each.name]).text
        for each in questions
        if each.name in shown
    }
    return Layout(source, _described(questions), layout_data(specs, given), texts)


def layout_data(specs: object, data: Mapping[str, Json] | None) -> JsonObject:
    """Answers as layouts get them, without those that were left empty. Never raises."""
    known = {each.name: each for each in _questions(specs)}
    return {
        name: shown_to_layout(known[name], value) if name in known else value
        for name, value in (data or {}).items()
        if value is not None
    }


def edit_layout(
    source: str, form: AnswersForm, *, about: JsonObject | None = None
) -> Layout | None:
    """A layout that draws a form; None where there is none, or no question for it.

    The answers stand in the form itself; `about` is what else the page shows beside it.
    """
    questions = list(form.validator.fields.values())
    if not source.strip() or all(str(each.type) in BESIDE for each in questions):
        return None
    return Layout(source, _described(questions), about or {})


def _questions(specs: object) -> Iterable[Field]:
    try:
        return validator_for(specs).all_fields
    except FieldError:
        return ()


def _described(questions: Iterable[Field]) -> list[Json]:
    """The questions as layouts know them (docs/layouts.md)."""
    return [
        {
            "name": each.name,
            "label": each.label,
            "type": str(each.type),
            "required": each.required,
            "computed": each.is_computed,
            "help": each.help,
            "choices": [{"value": value, "label": label} for value, label in each.choices],
            "min": each.minimum,
            "max": each.maximum,
            "fields": _described(each.fields),
        }
        for each in questions
    ]
