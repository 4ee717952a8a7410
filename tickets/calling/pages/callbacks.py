"""`POST /callbacks/<token>/`: the answer to a call that is answered later.

For other systems: no session, no CSRF token; the signed address is what lets them in.
docs/callbacks.md says what they may send and what they are answered. Neither the address nor
anything of a body is ever logged.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django_tenants.utils import tenant_context

from tenants.connection import work_in_public
from tenants.models import Company
from tenants.rate_limits import RateLimitedError, count_request
from tickets.calling.callback_address import CallbackAddress, read_token
from tickets.calling.receive_callback import receive_callback
from tickets.errors import CallbackNotFittingError, CallbackTooLateError, UnknownCallbackError
from workflows.actions import ActionError, parse_json
from workflows.engine.process import Json

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 1_000_000


class RefusedError(Exception):
    """The request is refused with this status; the message is for the other system's log."""

    def __init__(self, status: HTTPStatus, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


@csrf_exempt
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Take an answer, in the company that its address names."""
    # A browser may be logged in to some company: that counts for nothing here.
    work_in_public()
    try:
        reply = _receive(request, token)
    except RefusedError as refused:
        # Not the message: it may quote what came.
        logger.info("A callback was refused with status %s", refused.status.value)
        response = JsonResponse({"error": str(refused)}, status=refused.status)
        # Else Django logs the address, and with it anybody who reads the log could answer.
        response._has_been_logged = True  # type: ignore[attr-defined]
        if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
            response["Allow"] = "POST"
        if refused.retry_after:
            response["Retry-After"] = str(refused.retry_after)
    else:
        # Sorted: a repeat is answered from the database, which keeps no order.
        response = JsonResponse(reply, json_dumps_params={"sort_keys": True})
    response["Cache-Control"] = "no-store"
    return response


def _receive(request: HttpRequest, token: str) -> dict[str, Json]:
    if request.method != "POST":
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Send the answer by POST.")
    _limit("address", _sender(request), settings.CALLBACKS_PER_ADDRESS)
    try:
        address = read_token(token)
        company = Company.objects.filter(schema_name=address.schema).first()
        if company is None:
            raise UnknownCallbackError
        _limit("call", token, settings.CALLBACKS_PER_CALL)
        if not company.is_active:
            raise RefusedError(HTTPStatus.FORBIDDEN, "This company is switched off.")
        return _hand_over(company, address, _body(request))
    except UnknownCallbackError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, str(error)) from error
    except CallbackTooLateError as error:
        raise RefusedError(HTTPStatus.GONE, str(error)) from error
    except CallbackNotFittingError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _hand_over(company: Company, address: CallbackAddress, body: Json) -> dict[str, Json]:
    with tenant_context(company):
        return receive_callback(address=address, body=body)


def _body(request: HttpRequest) -> Json:
    if request.content_type != "application/json":
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json."
        )
    # Read by hand: Django's own limit for a body is another one, and answers 400.
    try:
        content = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body broke off.") from error
    if len(content) > MAX_BODY_BYTES:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"Send at most {MAX_BODY_BYTES} bytes.",
        )
    if not content:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body is empty. Send JSON.")
    try:
        return parse_json("", content)
    except ActionError as error:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "The body is not JSON, or JSON that cannot be kept."
        ) from error


def _sender(request: HttpRequest) -> str:
    """Who sends: behind a proxy that we trust, the address that it saw."""
    if settings.HTTPS:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _limit(kind: str, who: str, most: int) -> None:
    """Count a request; more than `most` in a minute are refused, whichever process they reach."""
    try:
        count_request(f"callback {kind}", who, most=most)
    except RateLimitedError as limited:
        raise RefusedError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "Too many answers. Wait as Retry-After says.",
            retry_after=limited.seconds,
        ) from limited
