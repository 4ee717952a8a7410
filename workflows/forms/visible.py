from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, JsonResponse

from tenants.refusals import refusals
from workflows.engine.clock import Clock
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
    clock: Clock | None = None,
) -> JsonResponse:
    """What is shown for the answers so far: forms.js asks.

    The names of the questions, those of which are required now, and what is calculated.

    Raises:
        Http404: the fields of the definition are broken.
    """
    with refusals(FieldError):
        form = AnswersForm(specs, presets=presets, data=data, keeper=keeper, clock=clock)
        shown = {
            "visible": form.visible_names,
            "required": form.required_names,
            "calculated": form.calculated,
        }
        return JsonResponse(shown)
    raise Http404
