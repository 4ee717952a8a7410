"""What other systems send by POST: how large it may be, and when it is refused at once.

They have no session: a signed address, or a signature, lets them in.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.errors import RateLimitedError, TicketFlowerError
from tenants.limits.bodies import SMALL_BODY
from tenants.models import Company
from tenants.refusals import refusals
from tickets.errors import TicketsError

MAX_BODY_BYTES: Final = 1_000_000


class SystemRefusedError(TicketsError):
    """The request is refused with this status; what is said is for the other system's log."""

    message = gettext_lazy("This cannot be taken.")

    def __init__(self, status: HTTPStatus, said: str) -> None:
        super().__init__(said)
        self.status = status


def body_limit(read_token: Callable[[str], object]) -> Callable[[HttpRequest, str], int]:
    """The large ones only at an address that we have given, which `read_token` reads or refuses."""

    def limit(_request: HttpRequest, token: str) -> int:
        with refusals(TicketFlowerError):
            read_token(token)
            return MAX_BODY_BYTES
        return SMALL_BODY

    return limit


def refuse_where_closed(company: Company, error: type[SystemRefusedError]) -> None:
    if not company.is_active:
        raise error(HTTPStatus.FORBIDDEN, _("This company is switched off."))
    if company.is_to_be_deleted:  # that may be taken back: let it be sent again
        raise error(
            HTTPStatus.SERVICE_UNAVAILABLE, _("This company is to be deleted. Try again later.")
        )


def content_of(request: HttpRequest, error: type[SystemRefusedError]) -> bytes:
    """The body, which says that it is JSON.

    Raises:
        SystemRefusedError: as `error`; it is something else, broke off, or is too large.
    """
    if request.content_type != "application/json":
        raise error(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            _("Send JSON, with Content-Type: application/json."),
        )
    # Read by hand: Django's own limit for a body is another one, and answers 400.
    try:
        content = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError as broken:
        raise error(HTTPStatus.BAD_REQUEST, _("The body broke off.")) from broken
    if len(content) > MAX_BODY_BYTES:
        raise error(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            _("Send at most %(most)d bytes.") % {"most": MAX_BODY_BYTES},
        )
    return content


def as_refusal(response: HttpResponse, refused: TicketFlowerError) -> HttpResponse:
    """The response with what its headers must say of this refusal."""
    # Else Django logs the address, and with it anybody who reads the log could answer.
    response._has_been_logged = True  # type: ignore[attr-defined]
    if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
        response["Allow"] = "POST"
    if isinstance(refused, RateLimitedError):
        response["Retry-After"] = str(refused.seconds)
    return response
