"""`POST /callbacks/<token>/`: the answer to a call that is answered later.

For other systems: no session, no CSRF token; the signed address is what lets them in.
docs/callbacks.md says what they may send and what they are answered. Neither the address nor
anything of a body is ever logged.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django_tenants.utils import tenant_context

from tenants.connection import use_public
from tenants.errors import RateLimitedError, TicketFlowerError
from tenants.limits.bodies import takes_body
from tenants.limits.table import CALLBACK_CALL, count_sender
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company
from tenants.observing.log_context import note, note_reason
from tenants.refusals import refusals
from tickets.calling.callback_address import CallbackAddress, read_token
from tickets.calling.errors import UnknownCallbackError
from tickets.calling.pages.from_systems import (
    SystemRefusedError,
    as_refusal,
    body_limit,
    content_of,
    refuse_where_closed,
)
from tickets.calling.receive_callback import receive_callback
from workflows.actions import ActionError, parse_json
from workflows.engine.process import Json


class CallbackRefusedError(SystemRefusedError):
    message = gettext_lazy("This answer cannot be taken.")


@takes_body(body_limit(read_token))
@csrf_exempt
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Take an answer, in the company that its address names."""
    # A browser may be logged in to some company: that counts for nothing here.
    use_public()
    response: HttpResponse
    try:
        # Sorted: a repeat is answered from the database, which keeps no order.
        response = JsonResponse(_receive(request, token), json_dumps_params={"sort_keys": True})
    except TicketFlowerError as refused:
        response = _refusal(refused)
    response["Cache-Control"] = "no-store"
    return response


def _refusal(refused: TicketFlowerError) -> HttpResponse:
    note_reason(type(refused).__name__)  # not the message: it may quote what came
    text = str(refused)
    if isinstance(refused, RateLimitedError):
        text = _("Too many answers. Wait as Retry-After says.")
    return as_refusal(JsonResponse({"error": text}, status=refused.status), refused)


def _receive(request: HttpRequest, token: str) -> dict[str, Json]:
    if request.method != "POST":
        raise CallbackRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, _("Send the answer by POST."))
    # More than so many in a minute are refused, whichever process they reach.
    count_sender(request, "callback")
    address = read_token(token)
    company = Company.objects.filter(schema_name=address.schema).first()
    if company is None:
        raise UnknownCallbackError
    CALLBACK_CALL.count(token)
    refuse_where_closed(company, CallbackRefusedError)
    return _receive_in_company(company, address, _body(request))


def _receive_in_company(company: Company, address: CallbackAddress, body: Json) -> dict[str, Json]:
    note(company=company.schema_name)
    ensure_up_to_date(company)
    with tenant_context(company):
        return receive_callback(address=address, body=body)


def _body(request: HttpRequest) -> Json:
    content = content_of(request, CallbackRefusedError)
    if not content:
        raise CallbackRefusedError(HTTPStatus.BAD_REQUEST, _("The body is empty. Send JSON."))
    with refusals(ActionError):
        return parse_json("", content)
    raise CallbackRefusedError(
        HTTPStatus.BAD_REQUEST, _("The body is not JSON, or JSON that cannot be kept.")
    )
