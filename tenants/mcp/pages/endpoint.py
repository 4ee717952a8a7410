"""`POST /mcp`: one message of an assistant, answered in the company of the token's person.

No session and no CSRF token: the token in the header lets it in, and nothing else. A browser's
log-in counts for nothing here. Nothing of a body is ever logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from tenants.audit.acting import acting_as
from tenants.companies.language_and_zone import known_language, zone_of
from tenants.connection import company_of, use_public
from tenants.database.trouble import trouble_of
from tenants.errors import (
    CompanyToBeDeletedError,
    RateLimitedError,
    TicketFlowerError,
    TokenRefusedError,
)
from tenants.limits.bodies import SMALL_BODY, takes_body
from tenants.limits.sender import place_of, sender_of
from tenants.limits.table import REFUSED_TOKENS, TOKEN_REQUESTS
from tenants.mcp.errors import (
    INTERNAL_ERROR,
    NOT_LET_IN,
    PARSE_ERROR,
    TOO_OFTEN,
    ProtocolError,
)
from tenants.mcp.message import id_of, message_in, read_message
from tenants.mcp.server import Asked, Server
from tenants.migrating.versions import ensure_up_to_date
from tenants.observing.log_context import note, note_reason
from tenants.refusals import refusals
from tenants.tokens.acting import actor_of_holder
from tenants.tokens.doors import Door
from tenants.tokens.holder import Holder, holder_of

logger = logging.getLogger(__name__)

# A document of a process, and what stands around it.
MAX_BODY_BYTES: Final = 2 * 1024 * 1024
SCHEME: Final = "bearer "
NOT_SHOWN: Final = (
    "No token of TicketFlower was sent, or one that does not count (any more). Connect again, or "
    "send one that counts, as the header Authorization: Bearer tf_…"
)


def endpoint(server: Server) -> Callable[[HttpRequest], HttpResponse]:
    """The view of one server."""

    @takes_body(_body_limit)
    @csrf_exempt
    def mcp(request: HttpRequest) -> HttpResponse:
        # A browser may be logged in to some company: that counts for nothing here.
        use_public()
        response = _answered(request, server)
        response["Cache-Control"] = "no-store"
        return response

    mcp.needs_log_in = True  # type: ignore[attr-defined]  # what the test of the limits reads
    return mcp


def _body_limit(request: HttpRequest) -> int:
    """The large ones only of who has a token, and requests left.

    Raises:
        RateLimitedError
    """
    use_public()
    holder = _holder(request)
    if holder is None:
        return SMALL_BODY
    TOKEN_REQUESTS.ensure_left(str(holder.user.pk))
    return MAX_BODY_BYTES


def _answered(request: HttpRequest, server: Server) -> HttpResponse:
    if request.method != "POST":  # nothing is streamed, and there are no sessions to end
        return HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
    if not _is_origin_ours(request):
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    decoded: Any = None
    try:
        holder = _let_in(request)
        decoded = message_in(_content(request))
        message = read_message(decoded, request.headers)
        if message.id is None:  # a notification: none of those that there are asks for anything
            return HttpResponse(status=HTTPStatus.ACCEPTED)
        with _acting_for(request, holder):
            asked = Asked(holder, timezone.now(), address_of(request))
            result = server.answer(message, asked)
    except ProtocolError as error:
        note_reason(f"mcp {error.code}")
        return _error(error, id_of(decoded), request)
    except RateLimitedError as error:
        response = _error(ProtocolError(TOO_OFTEN, str(error)), id_of(decoded), request)
        response["Retry-After"] = str(error.seconds)
        return response
    except TicketFlowerError as error:  # the company cannot be worked in now
        note_reason(type(error).__name__)
        return _error(ProtocolError(NOT_LET_IN, str(error)), id_of(decoded), request, error.status)
    except Exception as error:
        if trouble_of(error) is not None:
            raise
        logger.exception("A message of an assistant could not be answered")
        failed = ProtocolError(INTERNAL_ERROR, "Something went wrong here. It was logged.")
        return _error(failed, id_of(decoded), request, HTTPStatus.INTERNAL_SERVER_ERROR)
    return _json({"jsonrpc": "2.0", "id": message.id, "result": result})


def _acting_for(request: HttpRequest, holder: Holder) -> ExitStack:
    """Inside: the person's company, language and zone, and who acts, for log and history."""
    person, company = holder.user, holder.company
    note(person=person.pk, company=company.schema_name, token=holder.token.pk)
    note(door="assistant" if holder.is_assistant else "program")
    ensure_up_to_date(company)
    if company.deletion_began_at is not None or company.is_to_be_deleted:
        raise CompanyToBeDeletedError
    request.user = person
    actor = actor_of_holder(holder, sender=sender_of(request))
    language = known_language(person.language) or settings.LANGUAGE_CODE
    stack = ExitStack()
    stack.enter_context(company_of(company.schema_name))
    stack.enter_context(acting_as(actor))
    stack.enter_context(translation.override(language))
    stack.enter_context(timezone.override(zone_of(person, company)))
    return stack


def _let_in(request: HttpRequest) -> Holder:
    """Whose token was sent.

    Raises:
        ProtocolError: it is nobody's.
        RateLimitedError: of this sender, or with tokens of this owner, there were too many.
    """
    holder = _holder(request)
    if holder is None:
        REFUSED_TOKENS.count(place_of(request))
        raise ProtocolError(NOT_LET_IN, NOT_SHOWN)
    TOKEN_REQUESTS.count(str(holder.user.pk))
    return holder


def _holder(request: HttpRequest) -> Holder | None:
    sent = request.headers.get("Authorization", "")
    if sent[: len(SCHEME)].lower() != SCHEME:
        return None
    with refusals(TokenRefusedError):
        raw = sent[len(SCHEME) :].strip()
        return holder_of(raw, now=timezone.now(), address=sender_of(request), door=Door.MCP)
    return None


def address_of(request: HttpRequest) -> str:
    """Where this installation is reached, without a slash at the end."""
    return request.build_absolute_uri("/").rstrip("/")


def _is_origin_ours(request: HttpRequest) -> bool:
    """A page of somebody else's, in a browser, sends nothing here: it could be aimed at a machine
    inside. Programs send no Origin."""
    origin = request.headers.get("Origin")
    return origin is None or origin == address_of(request)


def _content(request: HttpRequest) -> bytes:
    try:
        content = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError as error:
        raise ProtocolError(PARSE_ERROR, "The body broke off.") from error
    if len(content) > MAX_BODY_BYTES:
        raise ProtocolError(PARSE_ERROR, f"Send at most {MAX_BODY_BYTES} bytes.")
    return content


def _error(
    error: ProtocolError,
    message_id: str | int | None,
    request: HttpRequest,
    status: HTTPStatus | None = None,
) -> HttpResponse:
    response = _json(
        {"jsonrpc": "2.0", "id": message_id, "error": error.as_json()},
        status=status or error.status,
    )
    response._has_been_logged = True  # type: ignore[attr-defined]
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        address = f"{address_of(request)}{reverse('mcp_metadata')}"
        response["WWW-Authenticate"] = f'Bearer resource_metadata="{address}"'
    return response


def _json(content: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> JsonResponse:
    return JsonResponse(content, status=status, json_dumps_params={"ensure_ascii": False})
