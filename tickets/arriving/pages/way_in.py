"""`POST /in/<token>/`: a ticket that another system submits. `/in/<token>/answer/`: the answer for
which a step of a ticket waits.

For other systems: no session, no CSRF token; the signature of the message lets them in.
docs/coming-in.md says what they send and what they are answered. Nothing of a body is ever logged.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django_tenants.utils import tenant_context

from tenants.connection import use_public
from tenants.errors import RateLimitedError, TicketFlowerError
from tenants.limits.bodies import takes_body
from tenants.limits.table import count_sender
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company
from tenants.observing.log_context import note, note_reason
from tickets.arriving.errors import UnknownAddressError
from tickets.arriving.receive_answer import receive_answer
from tickets.arriving.receive_ticket import Received, receive_ticket
from tickets.arriving.signed import SignedMessage
from tickets.arriving.type_address import WebAddress, read_web_token
from tickets.calling.pages.from_systems import (
    SystemRefusedError,
    as_refusal,
    body_limit,
    content_of,
    refuse_where_closed,
)
from workflows.errors import InvalidDataError


class MessageRefusedError(SystemRefusedError):
    message = gettext_lazy("This message cannot be taken.")


@takes_body(body_limit(read_web_token))
@csrf_exempt
def way_in(request: HttpRequest, token: str) -> HttpResponse:
    """Take a ticket, in the company that the address names."""
    return _answered(request, token, "way_in", receive_ticket)


@takes_body(body_limit(read_web_token))
@csrf_exempt
def way_in_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Take the answer for which a step of a ticket waits."""
    return _answered(request, token, "way_in_answer", receive_answer)


def _answered(
    request: HttpRequest, token: str, page: str, receive: Callable[..., Received]
) -> HttpResponse:
    # A browser may be logged in to some company: that counts for nothing here.
    use_public()
    response: HttpResponse
    try:
        found = _receive(request, token, page, receive)
        is_made = found.is_new and receive is receive_ticket
        status = HTTPStatus.CREATED if is_made else HTTPStatus.OK
        # Sorted: a repeat is answered from the database, which keeps no order.
        response = JsonResponse(found.reply, status=status, json_dumps_params={"sort_keys": True})
    except TicketFlowerError as refused:
        within = "answers" if receive is receive_ticket else "answer"
        response = _problem(refused, within)
    response["Cache-Control"] = "no-store"
    return response


def _problem(refused: TicketFlowerError, within: str) -> HttpResponse:
    """RFC 9457; `errors` names the fields (by JSON Pointers into the body)."""
    note_reason(type(refused).__name__)  # not the message: it may quote what came
    status = HTTPStatus(refused.status)
    text = str(refused)
    if isinstance(refused, RateLimitedError):
        text = _("Too many messages. Wait as Retry-After says.")
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": text,
    }
    if isinstance(refused, InvalidDataError):
        problem |= {
            "detail": _("The answers do not fit the form."),
            "errors": [
                {
                    "field": each.field,
                    "pointer": _pointer(within, each.field),
                    "detail": each.message,
                }
                for each in refused.problems
            ],
        }
    response = JsonResponse(
        problem, status=status, content_type="application/problem+json; charset=utf-8"
    )
    return as_refusal(response, refused)


def _pointer(within: str, name: str) -> str:
    steps = [each.replace("~", "~0").replace("/", "~1") for each in name.split(".") if each]
    return "/".join(["#", within, *steps])


def _receive(
    request: HttpRequest, token: str, page: str, receive: Callable[..., Received]
) -> Received:
    if request.method != "POST":
        raise MessageRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, _("Send the message by POST."))
    count_sender(request, page)
    address = read_web_token(token)
    company = Company.objects.filter(schema_name=address.schema).first()
    if company is None:
        raise UnknownAddressError
    refuse_where_closed(company, MessageRefusedError)
    content = content_of(request, MessageRefusedError)
    message = SignedMessage.of(request.headers)
    return _receive_in_company(company, address, message, content, receive)


def _receive_in_company(
    company: Company,
    address: WebAddress,
    message: SignedMessage,
    content: bytes,
    receive: Callable[..., Received],
) -> Received:
    note(company=company.schema_name)
    ensure_up_to_date(company)
    with tenant_context(company):
        return receive(type_key=address.type_key, message=message, content=content)
