"""Forms made of field specs: native inputs, and the engine's validator as their judge.

The inputs only turn what was typed into JSON; what cannot be turned is handed to the
validator as it was typed, and the validator says what to do about it. So the form accepts
exactly what the services accept.
"""

from workflows.forms.answers import AnswersForm
from workflows.forms.display import Shown, answer_text, show_answers
from workflows.forms.files import FileKeeper, safe_filename
from workflows.forms.visible import visible_answer

__all__ = [
    "AnswersForm",
    "FileKeeper",
    "Shown",
    "answer_text",
    "safe_filename",
    "show_answers",
    "visible_answer",
]
