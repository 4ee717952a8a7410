"""The screens of all types of questions, found in their folders; `registry.py` has the types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.on_screen.editor_facts import anything
from workflows.fields.on_screen.inputs import AskedField, CalculatedAnswer
from workflows.fields.on_screen.screen import FormContext, Screen
from workflows.fields.on_screen.shown import Shown
from workflows.fields.registry import TYPES, modules_of_types


def _found() -> dict[str, Screen]:
    screens = {each.SCREEN.type.key: each.SCREEN for each in modules_of_types("screen")}
    if set(screens) != set(TYPES):
        raise TypeError(f"No screen.py: {sorted(set(TYPES) - set(screens))}")
    return {key: screens[key] for key in TYPES}


SCREENS: Final[Mapping[str, Screen]] = _found()


def screen_of(question: Field) -> Screen:
    return SCREENS[question.type.key]


def make_input(
    question: Field, name: str, first: Json, context: FormContext, *, compact: bool = False
) -> AskedField:
    """The input of a question in a form; `name` is the prefixed one.

    What is calculated has none: its value is shown.
    """
    if question.is_computed:
        return CalculatedAnswer(question, partial(context.calculated, name))
    return screen_of(question).make_input(question, name, first, context, compact=compact)


def shows(question: Field, value: Json) -> bool:
    """Whether the input of a question shows this value whole, right or wrong."""
    return screen_of(question).shows(question, value, shows)


def show_answer(question: Field, value: Json) -> Shown:
    """One answer as people read it."""
    return screen_of(question).shown_with(question, value, show_answer)


def shown_to_layout(question: Field, value: Json) -> Json:
    """One answer as layouts get it: no more than its reader sees of it."""
    return screen_of(question).for_layout(question, value, shown_to_layout)


def answer_text(question: Field, value: Json) -> str:
    """One answer as plain text; empty for a table."""
    return show_answer(question, value).text


def editor_facts() -> dict[str, Any]:
    """What the editor's script knows of the types, in their order, and of an unknown one."""
    return {
        "types": [screen.facts() for screen in SCREENS.values()],
        "anything": anything(),
    }
