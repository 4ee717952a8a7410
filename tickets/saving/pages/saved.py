"""Half-filled forms: what the screens of tickets and of tasks share about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from tickets.files.pages.uploads import UploadKeeper
from tickets.models import SavedAnswers
from tickets.models.saved_answers import digest_of_form
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import validator_for
from workflows.fields.on_screen.screens import screen_of
from workflows.forms import AnswersForm

# The name of the button that keeps a form instead of sending it.
SAVE = "_save_for_later"
# What it sends where the person stays on the page.
GO_ON = "go_on"
# Tells the browser which form it need not keep any more: see typed.js.
COOKIE = "finished_form"


def is_saving(request: HttpRequest) -> bool:
    return SAVE in request.POST


def goes_on(request: HttpRequest) -> bool:
    """Whether what was saved is to be filled in further at once, on the same page."""
    return request.POST.get(SAVE) == GO_ON


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
    found = {
        n: screen_of(fields[n]).still_fits(fields[n], v, keeper)
        for n, v in answers.items()
        if n in fields
    }
    fitting = {name: value for name, value in found.items() if value is not None}
    return AnswersForm(specs, presets=presets, initial_answers=fitting)


def warn_of_form_changes(
    request: HttpRequest,
    saved: SavedAnswers,
    specs: object,
    *,
    presets: Mapping[str, Json] | None = None,
) -> None:
    """Warn where the form is not the one any more that the person began to fill in."""
    if saved.form_digest != digest_of_form(specs, presets):
        text = gettext(
            "This form was changed since you saved your answers. "
            "What still fits is filled in: check it."
        )
        messages.warning(request, text)


def show_saved_message(
    request: HttpRequest, form: AnswersForm, *, more: Iterable[tuple[str, str]] = ()
) -> None:
    """With the files that were refused; `more` are those of other forms that were sent with it."""
    messages.success(request, gettext("Your answers are saved. Continue whenever you like."))
    for label, message in (*form.refused_files(), *more):
        text = gettext("“%(question)s” was left out: %(message)s")
        messages.warning(request, text % {"question": label, "message": message})


def forget_typed(response: HttpResponse, form_name: str) -> HttpResponse:
    """Have the browser forget what was typed into a form, now that it is kept here."""
    response.set_cookie(COOKIE, form_name, max_age=3600, samesite="Lax")
    return response
