"""Declaring an operation: its scope, its permissions, and every answer that it may give."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from http import HTTPStatus
from typing import Annotated, Any, Final, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from ninja import Field, NinjaAPI, Router, Schema
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.responses import Status
from ninja.security import HttpBearer
from pydantic import BeforeValidator

from tenants.api.once import KEY_HEADER, answer_once
from tenants.api.problems import documented_refusal
from tenants.api.sent import Sent
from tenants.api.versions import LONGEST_VERSION
from tenants.errors import TokenError
from tenants.limits.bodies import FORM_BODY
from tenants.sent_json import is_storable, read_json
from tenants.tokens.holder import Holder
from tenants.tokens.scopes import Scope

LARGEST_NUMBER: Final = 2**63 - 1
READS: Final = ("GET", "HEAD")
ALWAYS: Final = (400, 401, 403, 404, 405, 409, 422, 429, 500, 503)
ON_CHANGE: Final = (413,)
_PLAIN: Final = str.maketrans("/-{}", "____")


def _in_digits(given: object) -> object:
    """One spelling of each number: no blank, line end, sign or underscore, which `int` takes, too.

    Raises:
        ValueError
    """
    if isinstance(given, str) and not (given.isascii() and given.isdigit()):
        raise ValueError("a number is written in digits alone")
    return given


# A number of a row, as paths and bodies name it.
Number = Annotated[int, BeforeValidator(_in_digits), Field(ge=1, le=LARGEST_NUMBER)]


def methods_at(address_name: str) -> list[str]:
    """Which methods an address takes."""
    return sorted(method for name, method in _DECLARED if name == address_name)


class NoScopeError(TokenError):
    """`scope` is what the token lacks."""

    message = _("This token is not for that: it lacks the scope “%(scope)s”.")
    status = HTTPStatus.FORBIDDEN

    def __init__(self, scope: Scope) -> None:
        self.scope = scope.value
        super().__init__()


class TokenRequest(HttpRequest):
    """A request that came in by the door."""

    holder: Holder


@dataclass(frozen=True, slots=True)
class Declared:
    """What an operation says of itself."""

    name: str
    method: str
    path: str
    scope: Scope
    permissions: tuple[str, ...]
    once: bool
    versioned: bool
    largest_body: int
    is_dear: bool


# By the name of their address and their method.
_DECLARED: Final[dict[tuple[str, str], Declared]] = {}


def declared_operations() -> list[Declared]:
    """All of them, in the order in which they were declared."""
    return list(_DECLARED.values())


def declared_at(address_name: str, method: str) -> Declared | None:
    """The operation of an address as its resolver names it."""
    return _DECLARED.get((address_name, method))


def holder_in(request: HttpRequest) -> Holder:
    return cast("TokenRequest", request).holder


class Token(HttpBearer):
    """For the document: the door has looked at the token by then."""

    openapi_description = "A token of a person or of a service account: tf_…"

    def __call__(self, request: HttpRequest) -> Holder | None:
        return getattr(request, "holder", None)

    def authenticate(self, request: HttpRequest, token: str) -> Holder | None:
        return holder_in(request)


def operation(
    router: Router,
    method: str,
    path: str,
    *,
    scope: Scope,
    answer: Any,
    status: int = 200,
    permissions: tuple[str, ...] = (),
    once: bool = False,
    versioned: bool = False,
    largest_body: int = FORM_BODY,
    media_type: str = "",
    is_dear: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function into the API.

    `permissions` are those that its page needs, all of them. `once`: it makes something, and takes
    an Idempotency-Key. `versioned`: it takes If-Match, and answers 412. `answer` is what it answers
    with `status`; None: nothing. `media_type`: it answers a file of this kind. `is_dear`: it may
    take seconds, and is counted apart (tenants/limits/dear.py).
    """
    refusals = [
        *ALWAYS,
        *(() if method in READS else ON_CHANGE),
        *([412, 428] if versioned else []),
    ]

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, **arguments: Any) -> Any:
            act = partial(view, request, **arguments)
            result = answer_once(request, act=act, status=status) if once else act()
            return result if isinstance(result, HttpResponseBase) else Status(status, result)

        signature = inspect.signature(view, eval_str=True)
        _ensure_strict(signature)
        guarded.__signature__ = signature  # type: ignore[attr-defined]
        address_name = path.strip("/").translate(_PLAIN) or "root"
        _DECLARED[address_name, method] = Declared(
            view.__name__, method, path, scope, permissions, once, versioned, largest_body, is_dear
        )
        summary, _line, description = inspect.cleandoc(view.__doc__ or "").partition("\n")
        router.api_operation(
            [method],
            path,
            response={status: answer},
            operation_id=view.__name__,
            url_name=address_name,
            summary=summary.rstrip("."),
            description=description.strip() or None,
            openapi_extra={
                "parameters": _headers(once=once, versioned=versioned),
                "responses": {
                    **(_file(status, media_type) if media_type else {}),
                    **{each: documented_refusal(each) for each in refusals},
                },
                "x-scope": scope.value,
            },
        )(guarded)
        return view

    return decorate


def _ensure_strict(signature: inspect.Signature) -> None:
    """Raises TypeError: a body would take values of other types than the document says."""
    for each in signature.parameters.values():
        kind = each.annotation
        if isinstance(kind, type) and issubclass(kind, Schema) and not issubclass(kind, Sent):
            raise TypeError(f"The body {each.name!r} is no {Sent.__name__}.")


def ensure_allowed(holder: Holder, operation: Declared) -> None:
    """Look before anything of the request is read: called by the door, for every operation.

    Raises:
        NoScopeError: the token is not for this.
        PermissionDenied: its owner may not do this.
    """
    if not holder.has(operation.scope):
        raise NoScopeError(operation.scope)
    if not holder.user.has_perms(operation.permissions):
        raise PermissionDenied


def _headers(*, once: bool, versioned: bool) -> list[dict[str, Any]]:
    found = []
    if once:
        text = (
            "Names this sending: the same key with the same request is answered as the first time, "
            "and nothing is done again. Kept for a day."
        )
        key = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"}
        found.append(_header(KEY_HEADER, text, key))
    if versioned:
        text = "The ETag that was read: where it is another one by now, this is refused (412)."
        found.append(_header("If-Match", text, {"type": "string", "maxLength": LONGEST_VERSION}))
    return found


def _header(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": False,
        "description": description,
        "schema": schema,
    }


def _file(status: int, media_type: str) -> dict[int, Any]:
    schema = {"type": "string", "format": "binary"}
    return {status: {"content": {media_type: {"schema": schema}}}}


class StrictParser(Parser):
    """JSON as the standard has it, and texts as Postgres can hold them, wherever they stand."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            found = read_json(request.body)
        except (ValueError, RecursionError) as error:
            raise HttpError(400, str(_("The body is not JSON that can be read."))) from error
        if not isinstance(found, dict):  # ninja would read it as an object without anything
            raise HttpError(422, "")
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> Any:
        """Of an address, or of a form."""
        for name, values in data.lists():
            if not all(is_storable(each) for each in (name, *values) if isinstance(each, str)):
                raise HttpError(400, "")
        return super().parse_querydict(data, list_fields, request)


def new_api(**more: Any) -> NinjaAPI:
    """An API without pages of its own, that takes tokens alone."""
    return NinjaAPI(auth=Token(), docs_url=None, openapi_url=None, parser=StrictParser(), **more)
