from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, JsonResponse

from tenants.refusals import refusals
from workflows.engine.errors import FieldError
from workflows.engine.process import Json
from workflows.fields.screen import FileKeeper
from workflows.forms.answers import AnswersForm


def visible_answer(
    specs: object,
    *,
    data: Mapping[str, object],
    keeper: FileKeeper,
    presets: Mapping[str, Json] | None = None,
) -> JsonResponse:
    """The names of the questions that are shown for the answers so far: forms.js asks.

    Raises:
        Http404: the fields of the definition are broken.
    """
    with refusals(FieldError):
        form = AnswersForm(specs, presets=presets, data=data, keeper=keeper)
        return JsonResponse({"visible": form.visible_names})
    raise Http404
