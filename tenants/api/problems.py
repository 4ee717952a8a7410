"""Refusals as problem+json (RFC 9457), with the sentences and places that pages show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from ninja import Field, Schema
from ninja.errors import ValidationError

from tenants.errors import RateLimitedError, TicketFlowerError
from tenants.hooks import Hook

MEDIA_TYPE: Final = "application/problem+json"
REF_TEMPLATE: Final = "#/components/schemas/{model}"
MOST_ERRORS: Final = 100
_LONGEST: Final = 2_000
_CAPITALS: Final = re.compile(r"(?<!^)(?=[A-Z])")

SENTENCES: Final[Mapping[int, Any]] = {
    400: _("The request cannot be read."),
    401: _("Send a token as “Authorization: Bearer tf_…”."),
    403: _("You may not do this."),
    404: _("There is nothing at this address that you may see."),
    405: _("This address does not take this method."),
    412: _("Somebody changed this in the meantime. Read it again, and decide anew."),
    413: _("The request is larger than this address takes."),
    422: _("What was sent does not fit."),
    500: _("Something went wrong on our side. The log has it; try again, or tell an admin."),
    503: _("TicketFlower is busy at this moment. Nothing was saved: please try again."),
}


class ProblemError(Schema):
    """One thing that is wrong."""

    detail: str = Field(description="What is wrong, and what to do.")
    pointer: str | None = Field(
        default=None,
        description="Where in the body (JSON Pointer, RFC 6901), such as /answers/amount.",
    )
    parameter: str | None = Field(
        default=None, description="Which parameter or header it is about."
    )


class Problem(Schema):
    """Why something was refused."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="A word that stays the same whatever the language: not_found.")
    errors: list[ProblemError] = []


# What apps above know of their own errors: places, that is, for each error.
PLACES: Final[Hook[[Exception], list[ProblemError]]] = Hook()


def problem(
    status: int,
    detail: object = "",
    *,
    code: str = "",
    errors: Sequence[ProblemError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """An answer that refuses."""
    phrase = HTTPStatus(status).phrase
    body = Problem(
        title=phrase,
        status=status,
        detail=str(detail or SENTENCES.get(status, phrase))[:_LONGEST],
        code=code or phrase.lower().replace(" ", "_").replace("-", "_"),
        errors=list(errors)[:MOST_ERRORS],
    )
    shown = body.model_dump(exclude_none=True)
    response = JsonResponse(shown, status=status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def documented_refusal(status: int) -> dict[str, Any]:
    """What the OpenAPI document says of a refusal.

    Not told to Ninja as an answer: of each that it is told it makes a class, a dozen for each
    operation, which took an eighth of the start of every process.
    """
    schema = {"$ref": REF_TEMPLATE.format(model=Problem.__name__)}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def documented_schemas() -> dict[str, Any]:
    """The schemas that refusals name, as the OpenAPI document has them."""
    found = Problem.model_json_schema(ref_template=REF_TEMPLATE, mode="serialization")
    return {**found.pop("$defs"), Problem.__name__: found}


def problem_of(error: TicketFlowerError) -> HttpResponse:
    """What a service refused, with the places that it names."""
    places = [each for found in PLACES.call_all(error) for each in found]
    if not places and error.field:
        places = [ProblemError(detail=str(error), pointer=pointer(error.field))]
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, RateLimitedError) else {}
    return problem(
        error.status, _sentence(error, places), code=code_of(error), errors=places, headers=headers
    )


def code_of(error: Exception) -> str:
    """`no_such_ticket` of NoSuchTicketError."""
    return _CAPITALS.sub("_", type(error).__name__.removesuffix("Error")).lower()


def problem_of_validation(error: ValidationError) -> HttpResponse:
    """What does not fit the description of the operation."""
    return problem(422, code="invalid_request", errors=[_place(each) for each in error.errors])


def pointer(*parts: object) -> str:
    """A JSON Pointer to a place in the body."""
    escaped = (str(each).replace("~", "~0").replace("/", "~1") for each in parts)
    return "".join(f"/{each}" for each in escaped)


def _sentence(error: TicketFlowerError, places: Sequence[ProblemError]) -> str:
    """With places the sentence of all: each place has its own."""
    return str(type(error).message) if len(places) > 1 and not error.said else str(error)


def _place(error: Mapping[str, Any]) -> ProblemError:
    source, *path = error["loc"]
    if source in ("body", "form", "file"):
        # The first is what the argument of the operation is called.
        return ProblemError(detail=str(error["msg"]), pointer=pointer(*path[1:]))
    return ProblemError(detail=str(error["msg"]), parameter=".".join(map(str, path)))
