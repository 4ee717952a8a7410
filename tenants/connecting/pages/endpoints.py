"""Where programs exchange codes, renew tokens, give them back, and register.

Public clients only: no secret proves who they are, the code does, with what they kept to
themselves. No session and no cookie counts here (`NoCookiesMiddleware`). Answers are JSON (RFC
6749, 5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tenants.connecting.addresses import door_called
from tenants.connecting.errors import (
    ProgramRefusedError,
    WrongGrantTypeError,
    WrongMetadataError,
    WrongRequestError,
)
from tenants.connecting.exchange import Given, Shown, give_back, redeem_code, renew
from tenants.connecting.programs import register_program
from tenants.connection import use_public
from tenants.errors import RateLimitedError
from tenants.limits.bodies import SMALL_BODY, takes_body
from tenants.limits.table import count_sender
from tenants.observing.log_context import note_reason
from tenants.sent_json import is_storable, read_json

type View = Callable[[HttpRequest], HttpResponse]
_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST: Final = 2_000
_PUBLIC: Final = "none"
SHOWN_AS: Final = "Bearer"


def endpoint(act: Callable[[HttpRequest], tuple[HTTPStatus, Any]]) -> View:
    """A view for programs, which answers every refusal as they read it."""

    @csrf_exempt
    @require_POST
    @takes_body(lambda request: SMALL_BODY)
    def view(request: HttpRequest) -> HttpResponse:
        use_public()
        try:
            count_sender(request, _name_of(request))
            status, content = act(request)
        except RateLimitedError as error:
            said = {"error": "temporarily_unavailable", "error_description": str(error)}
            headers = {"Retry-After": str(error.seconds)}
            return _answer(said, HTTPStatus.TOO_MANY_REQUESTS, headers)
        except ProgramRefusedError as error:
            note_reason(type(error).__name__)
            return _answer({"error": error.code, "error_description": str(error)}, error.status)
        return _answer(content, status)

    return view


@endpoint
def token(request: HttpRequest) -> tuple[HTTPStatus, Any]:
    sent = _form(request)
    door = door_called(request, sent["resource"]) if sent.get("resource") else None
    if sent.get("grant_type") == "authorization_code":
        shown = Shown(
            program=sent.get("client_id", ""),
            redirect_uri=sent.get("redirect_uri", ""),
            verifier=sent.get("code_verifier", ""),
            door=door,
        )
        given = redeem_code(code=sent.get("code", ""), shown=shown, now=timezone.now())
        return HTTPStatus.OK, _as_json(given)
    if sent.get("grant_type") == "refresh_token":
        given = renew(
            renews=sent.get("refresh_token", ""),
            program=sent.get("client_id", ""),
            scope=sent.get("scope", ""),
            door=door,
            now=timezone.now(),
        )
        return HTTPStatus.OK, _as_json(given)
    raise WrongGrantTypeError


@endpoint
def revoke(request: HttpRequest) -> tuple[HTTPStatus, Any]:
    sent = _form(request)
    give_back(raw=sent.get("token", ""), program=sent.get("client_id", ""), now=timezone.now())
    return HTTPStatus.OK, {}


@endpoint
def register(request: HttpRequest) -> tuple[HTTPStatus, Any]:
    try:
        sent = read_json(request.body)
    except (ValueError, RecursionError, UnreadablePostError) as error:
        raise WrongMetadataError from error
    program = register_program(sent)
    return HTTPStatus.CREATED, {
        "client_id": program.id,
        "client_name": program.name,
        "redirect_uris": list(program.redirects),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": _PUBLIC,
    }


def _form(request: HttpRequest) -> Mapping[str, str]:
    """What was sent, each once: of two, who stands between might have read the other one.

    Raises:
        WrongRequestError: it is no form, or says something twice, or at length.
    """
    if request.content_type != _FORM:
        raise WrongRequestError("Content-Type")
    try:
        sent = request.POST
    except UnreadablePostError as error:
        raise WrongRequestError("Content-Length") from error
    for name, values in sent.lists():
        if len(values) > 1 or len(values[0]) > _LONGEST or not is_storable(values[0]):
            raise WrongRequestError(name[:50])
    return sent.dict()


def _as_json(given: Given) -> dict[str, Any]:
    return {
        "access_token": given.access,
        "token_type": SHOWN_AS,
        "expires_in": given.seconds,
        "refresh_token": given.renews,
        "scope": " ".join(given.scopes),
    }


def _name_of(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _answer(
    content: Any, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    response = JsonResponse(content, status=status, headers=dict(headers or {}))
    response["Cache-Control"] = "no-store"
    # Programs that run in a browser: no cookie counts here, so that nobody else's page gains by it.
    response["Access-Control-Allow-Origin"] = "*"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
