"""One line of the log for each request, and the id by which its lines are found.

A refusal is that line and no other: its status, and as `reason` what refused it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.limits.bodies import ASKS_BODY_LIMIT
from tenants.observing.log_context import Fact, logged, note_reason
from tenants.observing.metrics import count, observe
from tenants.observing.request_ids import REQUEST_ID, REQUEST_ID_HEADER, request_id_of

logger = logging.getLogger(__name__)

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What is asked again and again by machines, or a dozen times by each page.
QUIET: Final = ("/healthz", "/readyz", "/metrics", "/static/")
# An argument of an address that names a row.
ROW: Final = re.compile(r"[0-9]{1,19}")


class RequestLogMiddleware:
    """The first of all. Says after each request what became of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if ASKS_BODY_LIMIT in request.META:  # the edge asks about a request that comes after it
            with logged():
                return self.get_response(request)
        began = perf_counter()
        request_id = request.META.get(REQUEST_ID) or request_id_of(
            request.headers.get(REQUEST_ID_HEADER)
        )
        with logged(request=request_id) as facts:
            response = self.get_response(request)
            response[REQUEST_ID_HEADER] = request_id
            # Else Django says it once more, with the address.
            response._has_been_logged = True  # type: ignore[attr-defined]
            say_request(
                method=request.method or "",
                path=_path(request),
                view=_view(request),
                status=response.status_code,
                seconds=perf_counter() - began,
                reason=facts.get("reason"),
            )
        return response


def say_request(
    *, method: str, path: str, view: str, status: int, seconds: float, reason: Fact | None
) -> None:
    """Write the line of a request, and count it."""
    method = method if method in METHODS else "OTHER"
    count("requests", method=method, status=f"{status // 100}xx")
    observe("request_seconds", seconds, view=view)
    if reason:
        count("refusals", reason=str(reason))
    if status < 400 and path.startswith(QUIET):
        return
    said: dict[str, Any] = {
        "method": method,
        "path": path,
        "view": view,
        "status": status,
        "seconds": round(seconds, 4),
    }
    level = logging.WARNING if status >= 500 else logging.INFO
    why = f" ({reason})" if reason else ""
    text = f"{method} {path or '?'} {status} {seconds * 1000:.0f} ms{why}"
    logger.log(level, "%s", text, extra={"facts": said})


def _view(request: HttpRequest) -> str:
    found = request.resolver_match
    if found is None:
        return "static" if request.path_info.startswith("/static/") else "none"
    return found.view_name or "none"


def _path(request: HttpRequest) -> str:
    """The path with the ids of rows, and nothing else that came from outside.

    Where no page has been found it is empty: everything in it was typed.
    """
    if request.path_info in QUIET:
        return request.path_info
    if request.resolver_match is None:
        return "/static/" if request.path_info.startswith("/static/") else ""
    path = request.path_info
    arguments = [*request.resolver_match.args, *request.resolver_match.kwargs.values()]
    for value in sorted(map(str, arguments), key=len, reverse=True):
        if value and not ROW.fullmatch(value):
            path = path.replace(value, "*")
    return path


@receiver(user_login_failed)
def note_failed_log_in(**_more: Any) -> None:
    note_reason("WrongLogIn")
