"""What a service refuses becomes words on a page: the one place that does it.

A page calls its service inside `with`; where the service refuses, the rest of the block is left
out, and the page goes on after it:

    with refusals_as_messages(request):
        publish_workflow(workflow=workflow, user=user)
        messages.success(request, _("It is published."))
    return redirect(admin_link(workflow))

`refusals_in(form)` puts it into a form, beside the field that it is about. `refusals()` only keeps
it, for a page that has more to say. A `Page` that does nothing of it leads back to the page before,
which says it; the screens of models (`TellsRefusals`) do it by themselves, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from django.contrib import messages
from django.forms.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.errors import RateLimitedError, TicketFlowerError
from tenants.refusals import Refusals, refusals


@runtime_checkable
class PlacesRefusals(Protocol):
    """A form that knows better than its fields' names where a refusal belongs."""

    def add_refusal(self, error: Exception) -> None: ...


def refusals_as_messages(
    request: HttpRequest, *kinds: type[Exception], level: int = messages.ERROR
) -> Refusals[Exception]:
    """Say what is refused at the top of the next page."""
    return Refusals(
        *(kinds or (TicketFlowerError,)),
        report=lambda error: messages.add_message(request, level, str(error)),
    )


def refusals_in(form: BaseForm, *kinds: type[Exception]) -> Refusals[Exception]:
    """Say what is refused in the form: beside its field where it has one."""
    return Refusals(*(kinds or (TicketFlowerError,)), report=lambda error: add_refusal(form, error))


def add_refusal(form: BaseForm, error: Exception) -> None:
    if isinstance(form, PlacesRefusals):
        form.add_refusal(error)
        return
    field = error.field if isinstance(error, TicketFlowerError) else ""
    form.add_error(field if field in form.fields else None, str(error))


def too_often(request: HttpRequest, error: RateLimitedError) -> HttpResponse:
    """The page for what was asked for too often: nothing was done."""
    status = HTTPStatus.TOO_MANY_REQUESTS
    answer = render(request, "pages/429.html", {"reason": str(error)}, status=status)
    answer["Retry-After"] = str(error.seconds)
    return answer


def refusal_as_json(refused: Refusals[Any], **more: Any) -> JsonResponse:
    """Answer a script; `more` is what it does with it. `message` is what people are shown."""
    error = refused.error
    status = error.status if isinstance(error, TicketFlowerError) else HTTPStatus.BAD_REQUEST
    answer = JsonResponse({"message": refused.text, **more}, status=status)
    if isinstance(error, RateLimitedError):
        answer["Retry-After"] = str(error.seconds)
    return answer


class TellsRefusals:
    """For the admin class of a model: what its services refuse is shown on its own pages.

    A form comes back with what was typed, and the refusal in it. From deleting and from the
    list's actions one comes back to the page from which one came.
    """

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with refusals() as refused:
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        # Once more, up to the form: it is not in order now, and nothing is saved.
        request.refusal = refused.error  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        error = getattr(request, "refusal", None)
        return form if error is None else _refused(form, error)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        view = super().delete_view  # type: ignore[misc]
        return _or_back(request, partial(view, request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        view = super().changelist_view  # type: ignore[misc]
        return _or_back(request, partial(view, request, *args, **kwargs))


def _or_back(request: HttpRequest, view: Callable[[], Any]) -> Any:
    """What the view answers; where what was sent is refused, its page again."""
    if request.method != "POST":  # it would lead back to itself for ever
        return view()
    with refusals_as_messages(request):
        return view()
    return redirect(request.get_full_path())


def _refused(form: type[BaseForm], error: Exception) -> type[BaseForm]:
    class Refused(form):  # type: ignore[misc, valid-type]
        """The same form, with what was refused when it was saved."""

        def _post_clean(self) -> None:
            super()._post_clean()
            add_refusal(self, error)

    return Refused


def where_from(request: HttpRequest) -> str:
    """The page of ours from which a form was sent; the dashboard where nobody says it."""
    referer = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        referer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not is_ours:
        return "admin:index"
    parts = urlsplit(referer)
    # One slash: two would lead to another server.
    return f"/{parts.path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")
