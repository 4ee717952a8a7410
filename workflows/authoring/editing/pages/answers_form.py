"""The form that the editor shows for answers that a document holds. Nothing is saved here."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from tenants.pages.page import register_page
from workflows.authoring.editing.output_questions import output_questions
from workflows.authoring.editing.pages.editor_requests import (
    EditorScript,
    QuestionRefusedError,
    as_form_data,
    drawable,
    prefix_of,
)
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.storable import unstorable
from workflows.forms import shown_now
from workflows.forms.document_form import DocumentForm, rows_are_too_many
from workflows.models import WorkflowDefinition

MOST_TYPED: Final = 10_000  # inputs of one form


@register_page(
    WorkflowDefinition, "editor/answers/", name="workflows_workflowdefinition_editor_answers"
)
class AnswersScript(EditorScript):
    """The form for the answers of a part of a document, or what was typed into it.

    The question has the `given` answers as they were when the form was drawn, and what asks for
    them: `fields` (and `presets`: those of the ticket type, which are not asked), or the
    `schema` of a call's output. `are_presets`: the answers are presets themselves. `place`, of
    letters and digits, tells the inputs of several forms on a page apart.

    Without `typed` the answer has the form as `html`; `names` ({name of a question: name of its
    answer in the document}), the questions that are `visible`, those whose given answer their
    input cannot show (`unfit`), and how many were `skipped` because of their problems. With
    `typed`, pairs of the name and value of an input, it has the `answers` as the document writes
    them, and those that are `visible` then; answers go by the names of their questions.
    """

    def answer(self, question: JsonObject) -> dict[str, Any]:
        if any(unstorable(question)):
            raise QuestionRefusedError(_("These answers cannot be shown."))
        given, specs, names, skipped = _asked_questions(question)
        prefix, typed = prefix_of(question), question.get("typed")
        data = None if typed is None else as_form_data(_pairs(typed))
        if data is not None and rows_are_too_many(specs, data=data, prefix=prefix):
            raise QuestionRefusedError(_("These are more rows than can be read here. Remove some."))
        form = DocumentForm(
            specs,
            given=given,
            presets=_object(question.get("presets")),
            data=data,
            prefix=prefix,
            are_presets=question.get("are_presets") is True,
        )
        if data is not None:
            return {"answers": form.document_answers(), **shown_now(form)}
        return {
            "html": form.render() if form.fields or form.already_set else "",
            "names": {name: names.get(name, name) for name in form.fields},
            "visible": sorted(form.visible()),
            "unfit": [each for each in form.unfit if each in form.fields],
            "skipped": skipped,
        }


def _asked_questions(question: JsonObject) -> tuple[JsonObject, list[Json], dict[str, str], int]:
    """The given answers by the names of their questions, and what asks for them.

    Raises:
        QuestionRefusedError: nothing can ask for them.
    """
    given = _object(question.get("given"))
    if "schema" not in question:
        specs, skipped = drawable(question.get("fields"))
        return given, specs, {}, skipped
    made, names = output_questions(question["schema"], given)
    specs, skipped = drawable(made)
    return {at: given[key] for at, key in names.items() if key in given}, specs, names, skipped


def _pairs(typed: Json) -> list[Json]:
    """Raises QuestionRefusedError."""
    if not isinstance(typed, list) or len(typed) > MOST_TYPED:
        raise QuestionRefusedError(_("This is more than can be read here. Remove some rows."))
    return typed


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
