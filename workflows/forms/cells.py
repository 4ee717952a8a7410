"""Answers as the cells of a table: values that a spreadsheet can sort and add up."""

from __future__ import annotations

from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.on_screen.screen import SheetCell
from workflows.fields.on_screen.screens import answer_text, screen_of
from workflows.fields.on_screen.shown import plain


def answer_cell(question: Field | None, value: Json) -> SheetCell:
    """One answer; None where there is none.

    Choices go by the words that people see, files by their names, and of a table of records its
    number of rows is shown: they have a table of their own. What does not fit its question, or has
    none, is text.
    """
    if value is None:
        return None
    if question is None:
        return plain(value)
    found = screen_of(question).cell(value)
    return answer_text(question, value) if found is None else found
