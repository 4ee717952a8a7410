"""`POST /mail-in/`: a mail, as a provider of mail hands it on.

For programs: no session, no CSRF token; a token in a header lets them in. docs/running.md says what
they send and what they are answered. Nothing of a mail is ever logged.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt

from tenants.connection import use_public
from tenants.errors import RateLimitedError, TicketFlowerError
from tenants.limits.bodies import SMALL_BODY, takes_body
from tenants.limits.table import count_sender
from tenants.observing.log_context import note_reason
from tickets.errors import TicketsError
from tickets.replying.take_mail import take_mail

BEARER: Final = "Bearer "


class MailNotTakenError(TicketsError):
    """The request is refused with this status; what is said is for the provider's log."""

    message = gettext_lazy("This mail cannot be taken.")

    def __init__(self, status: HTTPStatus, said: str) -> None:
        super().__init__(said)
        self.status = status


def _is_allowed(request: HttpRequest) -> bool:
    token = settings.MAIL_IN_TOKEN
    given = request.headers.get("Authorization", "")
    if not token or not given.startswith(BEARER):
        return False
    return hmac.compare_digest(given.removeprefix(BEARER).encode(), token.encode())


def _body_limit(request: HttpRequest) -> int:
    """A large one only of whom we know."""
    return settings.MAIL_IN_MOST_BYTES if _is_allowed(request) else SMALL_BODY


@takes_body(_body_limit)
@csrf_exempt
def mail_in(request: HttpRequest) -> HttpResponse:
    """Take a mail: the body is the mail itself (RFC 5322), as it came."""
    use_public()
    try:
        taken = take_mail(_mail(request), now=timezone.now())
    except TicketFlowerError as refused:
        return _refusal(refused)
    if taken.refusal is None:
        return _answer({"status": "taken"})
    note_reason(f"Mail{taken.refusal.value.title().replace('_', '')}")
    return _answer({"status": "refused", "reason": taken.refusal.value})


def _answer(content: dict[str, str], status: int = HTTPStatus.OK) -> HttpResponse:
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store"})


def _refusal(refused: TicketFlowerError) -> HttpResponse:
    note_reason(type(refused).__name__)
    response = _answer({"error": str(refused)}, refused.status)
    response._has_been_logged = True  # type: ignore[attr-defined]
    if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
        response["Allow"] = "POST"
    if isinstance(refused, RateLimitedError):
        response["Retry-After"] = str(refused.seconds)
    return response


def _mail(request: HttpRequest) -> bytes:
    """The body, of whom we know.

    Raises:
        MailNotTakenError, RateLimitedError
    """
    if request.method != "POST":
        raise MailNotTakenError(HTTPStatus.METHOD_NOT_ALLOWED, _("Send the mail by POST."))
    count_sender(request, "mail_in")
    if not settings.MAIL_IN_TOKEN:
        raise MailNotTakenError(HTTPStatus.NOT_FOUND, _("No mails are taken here."))
    if not _is_allowed(request):
        raise MailNotTakenError(
            HTTPStatus.UNAUTHORIZED, _("Send MAIL_IN_TOKEN as Authorization: Bearer.")
        )
    most = settings.MAIL_IN_MOST_BYTES
    try:  # by hand: Django's own limit for a body is another one
        content = request.read(most + 1)
    except UnreadablePostError as error:
        raise MailNotTakenError(HTTPStatus.BAD_REQUEST, _("The body broke off.")) from error
    if len(content) > most:
        raise MailNotTakenError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            _("Send at most %(most)d bytes.") % {"most": most},
        )
    if not content:
        raise MailNotTakenError(HTTPStatus.BAD_REQUEST, _("The body is empty. Send the mail."))
    return content
