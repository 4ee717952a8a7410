from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404, JsonResponse

from tenants.refusals import refusals
from workflows.engine.errors import FieldError
from workflows.engine.process import Json
from workflows.engine.rules.clock import Clock
from workflows.fields.answers.asked_again import AskedAgain
from workflows.fields.on_screen.screen import FileKeeper
from workflows.forms.answers import AnswersForm
from workflows.forms.edits_form import EditsForm


def shown_now(form: AnswersForm) -> dict[str, Any]:
    """What forms.js shows for the answers so far.

    `visible` are the names of the questions; `required` those that must be answered now, of those
    where that depends on answers; `calculated` the texts of what is calculated, by the names of
    their places. The latter two are left out where they are empty.
    """
    more = {"required": form.required_names, "calculated": form.calculated}
    return {"visible": form.visible_names, **{name: each for name, each in more.items() if each}}


def visible_answer(
    specs: object,
    *,
    data: Mapping[str, object],
    keeper: FileKeeper,
    presets: Mapping[str, Json] | None = None,
    asked: Sequence[AskedAgain] = (),
    clock: Clock | None = None,
) -> JsonResponse:
    """What is shown for the answers so far, as `shown_now` says it: forms.js asks.

    `asked`: those that are asked again beside the form's own, called as conditions call them.

    Raises:
        Http404: the fields of the definition are broken.
    """
    with refusals(FieldError):
        form = AnswersForm(specs, presets=presets, data=data, keeper=keeper, clock=clock)
        edits = EditsForm(asked, data=data, keeper=keeper)
        shown = shown_now(form)
        return JsonResponse({**shown, "visible": [*shown["visible"], *edits.visible_names]})
    raise Http404
