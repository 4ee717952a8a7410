"""Half-filled forms: what the screens of tickets and of tasks share about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from tickets.files.pages.uploads import UploadKeeper
from tickets.models import SavedAnswers
from tickets.models.saved_answers import digest_of_form
from workflows.engine.field_types import Field, FieldType
from workflows.engine.process import Json, JsonObject
from workflows.engine.validation import validator_for
from workflows.forms import AnswersForm

# The name of the button that keeps a form instead of sending it.
SAVE = "_save_for_later"
# Tells the browser which form it need not keep any more: see typed.js.
COOKIE = "finished_form"


def is_saving(request: HttpRequest) -> bool:
    return SAVE in request.POST


def continued_form(
    saved: SavedAnswers,
    specs: object,
    *,
    presets: Mapping[str, Json] | None = None,
    keeper: UploadKeeper,
) -> AnswersForm:
    """The form with what was saved, as far as it still fits.

    Raises:
        FieldError: the specs are wrong.
    """
    fields = validator_for(specs, presets=presets).fields
    answers: JsonObject = saved.answers
    found = {n: _fitting(fields[n], v, keeper) for n, v in answers.items() if n in fields}
    fitting = {name: value for name, value in found.items() if value is not None}
    return AnswersForm(specs, presets=presets, initial_answers=fitting)


def tell_of_changes(
    request: HttpRequest,
    saved: SavedAnswers,
    specs: object,
    *,
    presets: Mapping[str, Json] | None = None,
) -> None:
    """Say where the form is not the one any more that the person began to fill in."""
    if saved.form_digest != digest_of_form(specs, presets):
        text = gettext(
            "This form was changed since you saved your answers. "
            "What still fits is filled in: check it."
        )
        messages.warning(request, text)


def tell_saved(request: HttpRequest, form: AnswersForm) -> None:
    messages.success(request, gettext("Your answers are saved. Continue whenever you like."))
    for label, message in form.refused_files():
        text = gettext("“%(question)s” was left out: %(message)s")
        messages.warning(request, text % {"question": label, "message": message})


def forget_typed(response: HttpResponse, form_name: str) -> HttpResponse:
    """Have the browser forget what was typed into a form, now that it is kept here."""
    response.set_cookie(COOKIE, form_name, max_age=3600, samesite="Lax")
    return response


def _fitting(field: Field, value: Json, keeper: UploadKeeper) -> Json:
    """The answer as this question takes it today, or None."""
    if field.type is FieldType.FILE:
        return keeper.find(str(value["upload"])) if _is_file(value) else None
    if field.type in (FieldType.CHOICE, FieldType.CHOICES):
        offered = {each for each, _label in field.choices}
        if isinstance(value, list):
            return [e for e in value if isinstance(e, str) and e in offered] or None
        return value if isinstance(value, str) and value in offered else None
    if field.type is FieldType.RECORDS:
        return value if isinstance(value, list) else None
    return None if isinstance(value, dict | list) else value


def _is_file(value: Json) -> TypeGuard[JsonObject]:
    return isinstance(value, dict) and "upload" in value
