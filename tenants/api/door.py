"""The one view of the API: lets in who shows a token, and answers every refusal alike.

What is asked is looked up among the operations only when it is known who asks. It knows no cookie
(`NoCookiesMiddleware`): a browser that is logged in is nobody here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    RawPostDataException,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tenants.api.operations import READS, declared_at, ensure_allowed, methods_at
from tenants.api.problems import SENTENCES, problem, problem_of, problem_of_validation
from tenants.audit.acting import acting_as
from tenants.companies.language_and_zone import known_language, zone_of
from tenants.connection import company_of, use_company, use_public
from tenants.database.trouble import trouble_of
from tenants.errors import (
    CompanyBehindError,
    CompanyToBeDeletedError,
    TicketFlowerError,
    TokenRefusedError,
)
from tenants.limits.bodies import SMALL_BODY, takes_body
from tenants.limits.dear import Dear, count_dear
from tenants.limits.sender import place_of, sender_of
from tenants.limits.table import REFUSED_TOKENS, TOKEN_REQUESTS
from tenants.migrating.versions import is_up_to_date
from tenants.observing.log_context import note, note_reason
from tenants.refusals import refusals
from tenants.sent_json import is_storable
from tenants.tokens.acting import actor_of_holder
from tenants.tokens.doors import Door
from tenants.tokens.holder import Holder, holder_of

logger = logging.getLogger(__name__)

type View = Callable[..., HttpResponseBase]
# Beneath it no cookie counts.
ROOT: Final = "/api/"
# Here neither: a token alone lets in.
BY_TOKEN: Final = (ROOT, "/mcp", "/oauth/")
_BEARER: Final = re.compile(r"Bearer +(\S{1,200})", re.IGNORECASE)
RETRY_SECONDS: Final = 5
# What is wrong with a body, or an upload in it, before anything of it is known.
_UNREADABLE: Final = (
    SuspiciousOperation,
    BadRequest,
    MultiPartParserError,
    UnreadablePostError,
    RawPostDataException,
)


class NoCookiesMiddleware:
    """Takes every cookie away from what is sent by a token. Before the middleware of sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(BY_TOKEN):
            request.COOKIES = {}
        return self.get_response(request)


def door_to(api: NinjaAPI, *, addresses: str) -> View:
    """The view that stands at the address of an API, with what follows it as `rest`.

    `addresses` is the URL configuration with the operations (a module), looked up when asked for.
    """

    def largest_body(request: HttpRequest, rest: str) -> int:
        with refusals(TokenRefusedError):
            return _largest_body(addresses, rest, str(request.method), _let_in(request))
        return SMALL_BODY

    @csrf_exempt
    @takes_body(largest_body)
    def door(request: HttpRequest, rest: str) -> HttpResponseBase:
        try:
            return _answer(request, rest, addresses)
        except Exception as error:
            return refusal(request, error)

    door.needs_log_in = True  # type: ignore[attr-defined]  # what the test of the limits reads

    def refused(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        return refusal(request, error if isinstance(error, Exception) else error())

    for kind in (Exception, Http404, HttpError, ValidationError):
        api.add_exception_handler(kind, refused)
    return door


def refusal(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to whatever went wrong."""
    if isinstance(error, TicketFlowerError):
        note_reason(type(error).__name__)
        answer = problem_of(error)
    elif isinstance(error, ValidationError):
        answer = problem_of_validation(error)
    elif isinstance(error, HttpError):
        # ninja puts an error of its own in the place of what the parser of a body says.
        said = error.__cause__ if isinstance(error.__cause__, HttpError) else error
        answer = problem(said.status_code, said.message if said.status_code == 400 else "")
    elif isinstance(error, (Http404, Resolver404)):
        answer = problem(404)
    elif isinstance(error, PermissionDenied):
        answer = problem(403)
    elif isinstance(error, RequestDataTooBig):
        answer = problem(413)
    elif isinstance(error, _UNREADABLE):
        answer = problem(400)
    elif trouble_of(error) is not None:
        note_reason("database")
        answer = problem(503, headers={"Retry-After": str(RETRY_SECONDS)})
    else:
        logger.error("The API failed", exc_info=error)
        got_request_exception.send(sender=refusal, request=request)
        answer = problem(500)
    if answer.status_code == 401:
        address = request.build_absolute_uri(reverse("api_metadata"))
        answer["WWW-Authenticate"] = f'Bearer resource_metadata="{address}"'
    return answer


def _answer(request: HttpRequest, rest: str, addresses: str) -> HttpResponseBase:
    holder = _let_in(request)
    TOKEN_REQUESTS.count(str(holder.user.pk))
    with _inside(request, holder):
        if not is_storable(rest):
            return problem(400)
        found = resolve(f"/{rest}", addresses)
        declared = declared_at(found.url_name or "", str(request.method))
        if declared is None:
            return problem(405, headers={"Allow": ", ".join(methods_at(found.url_name or ""))})
        note(operation=declared.name)
        ensure_allowed(holder, declared)
        if declared.is_dear:
            count_dear(Dear.ASKED, person_id=holder.user.pk, schema=holder.company.schema_name)
        answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer


def _let_in(request: HttpRequest) -> Holder:
    """Raises:
    TokenRefusedError: nobody is let in with what was sent.
    RateLimitedError: that was so too often, from the same address.
    """
    found = _BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    sender = sender_of(request)
    try:
        if found is None:
            raise TokenRefusedError(SENTENCES[401])
        return holder_of(found[1], now=timezone.now(), address=sender, door=Door.API)
    except TokenRefusedError:
        REFUSED_TOKENS.count(place_of(request))
        raise


@contextmanager
def _inside(request: HttpRequest, holder: Holder) -> Iterator[None]:
    """Work in the company of the token, as its owner, in their language."""
    person, company = holder.user, holder.company
    note(person=person.pk, company=company.schema_name, token=holder.token.pk)
    note(door="assistant" if holder.is_assistant else "program")
    if not is_up_to_date(company):
        raise CompanyBehindError
    is_going = company.deletion_began_at is not None
    if is_going or (company.is_to_be_deleted and request.method not in READS):
        raise CompanyToBeDeletedError
    request.user, request.company, request.holder = person, company, holder  # type: ignore[attr-defined]
    language = known_language(person.language) or translation.get_language()
    use_company(company)
    try:
        with (
            translation.override(language),
            timezone.override(zone_of(person, company)),
            acting_as(actor_of_holder(holder, sender=sender_of(request))),
        ):
            yield
    finally:
        use_public()


def _largest_body(addresses: str, rest: str, method: str, holder: Holder) -> int:
    """As the operation says, for who may use it.

    Raises:
        RateLimitedError: they have no requests left. No right is looked up then.
    """
    TOKEN_REQUESTS.ensure_left(str(holder.user.pk))
    try:
        found = resolve(f"/{rest}", addresses)
    except Resolver404:
        return SMALL_BODY
    declared = declared_at(found.url_name or "", method)
    if declared is None or not holder.has(declared.scope):
        return SMALL_BODY
    # Rights are those in the company: a task that somebody has gives some, too.
    with company_of(holder.company.schema_name):
        is_allowed = holder.user.has_perms(declared.permissions)
    return declared.largest_body if is_allowed else SMALL_BODY
