"""The page for who meets a database that is busy, read-only or away: nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from project.company_name import company_name
from tenants.database.trouble import Trouble, trouble_of
from tenants.observing.log_context import note_reason

# More than that is not sent once more by the page: the browser's Back has it.
MOST_REPEATED: Final = 512 * 1024
# What must not stand in a page.
SECRET: Final = re.compile("password|secret|code", re.IGNORECASE)
CSRF_FIELD: Final = "csrfmiddlewaretoken"
RETRY_SECONDS: Final = {Trouble.BUSY: 5, Trouble.READ_ONLY: 60, Trouble.AWAY: 60}


class TroubleMiddleware:
    """Answers 503 where the database was in the way. Its transaction is undone by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        trouble = trouble_of(error)
        if trouble is None:
            return None
        note_reason(f"database {trouble.value}")
        return trouble_page(request, trouble)


def trouble_page(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """The page 503. It asks the database for nothing.

    What was posted stands in it, to be sent once more, unless it holds files or a secret.
    """
    headers = {"Retry-After": str(RETRY_SECONDS[trouble]), "Cache-Control": "no-store"}
    if "application/json" in (request.content_type, request.headers.get("Accept")):
        return JsonResponse({"message": _sentence(trouble)}, status=503, headers=headers)
    context: dict[str, Any] = {
        "company_name": company_name(request),
        "trouble": trouble.value,
        "address": request.get_full_path(),
        "is_post": request.method == "POST",
        "repeated": _repeated(request),
        "csrf_token": get_token(request),
    }
    return HttpResponse(render_to_string("503.html", context), status=503, headers=headers)


def _sentence(trouble: Trouble) -> str:
    if trouble is Trouble.BUSY:
        return _("TicketFlower is busy at this moment. Nothing was saved: please try again.")
    if trouble is Trouble.READ_ONLY:
        return _("TicketFlower takes no changes at this moment. Please try again later.")
    return _("TicketFlower cannot reach its database at this moment. Please try again later.")


def _repeated(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields that a form of the page sends once more; none where it must be sent by Back."""
    if request.method != "POST" or request.FILES:
        return []
    fields = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    fields = [field for field in fields if field[0] != CSRF_FIELD]
    size = sum(len(name) + len(value) for name, value in fields)
    if size > MOST_REPEATED or any(SECRET.search(name) for name, _value in fields):
        return []
    return fields
