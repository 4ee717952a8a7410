"""Forms made of field specs: native inputs, and the engine's validator as their judge.

The inputs only turn what was typed into JSON; what cannot be turned is handed to the
validator as it was typed, and the validator says what to do about it. So the form accepts
exactly what the services accept.
"""

from workflows.fields.file.file_input import safe_filename
from workflows.fields.on_screen.screen import FileKeeper
from workflows.fields.on_screen.screens import answer_text
from workflows.fields.on_screen.shown import Shown
from workflows.forms.answers import AnswersForm
from workflows.forms.display import (
    answered_for_requester,
    show_answers,
    show_answers_for_requester,
)
from workflows.forms.edits_form import EditsForm
from workflows.forms.visible import shown_now, visible_answer

__all__ = [
    "AnswersForm",
    "EditsForm",
    "FileKeeper",
    "Shown",
    "answer_text",
    "answered_for_requester",
    "safe_filename",
    "show_answers",
    "show_answers_for_requester",
    "shown_now",
    "visible_answer",
]
