from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import Http404, JsonResponse

from tenants.refusals import refusals
from workflows.engine.errors import FieldError
from workflows.engine.process import Json
from workflows.fields.asked_again import AskedAgain
from workflows.fields.screen import FileKeeper
from workflows.forms.answers import AnswersForm
from workflows.forms.edits_form import EditsForm


def visible_answer(
    specs: object,
    *,
    data: Mapping[str, object],
    keeper: FileKeeper,
    presets: Mapping[str, Json] | None = None,
    asked: Sequence[AskedAgain] = (),
) -> JsonResponse:
    """The names of the questions that are shown for the answers so far: forms.js asks.

    `asked`: those that are asked again beside the form's own, called as conditions call them.

    Raises:
        Http404: the fields of the definition are broken.
    """
    with refusals(FieldError):
        form = AnswersForm(specs, presets=presets, data=data, keeper=keeper)
        edits = EditsForm(asked, data=data, keeper=keeper)
        return JsonResponse({"visible": [*form.visible_names, *edits.visible_names]})
    raise Http404
