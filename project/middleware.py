from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse

from project.unavailable.error_pages import bad_request
from tenants.api.door import BY_TOKEN
from tenants.api.problems import problem, problem_of
from tenants.errors import RateLimitedError
from tenants.limits.bodies import (
    ASKS_BODY_LIMIT,
    BODY_LIMIT_HEADER,
    REFUSED_BODY,
    SMALL_BODY,
    body_limit,
)
from tenants.refusals import refusals
from workflows.layouts.on_page import has_layouts

logger = logging.getLogger("django.security")

FRAMES: Final = "frame-src 'self'"
# Alpine (in Unfold) needs unsafe-eval: its build for such policies cannot read Unfold's templates
# (docs/security.md). And Unfold sets some colours in style attributes.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        FRAMES,
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


# What pages do not use, nobody who got something into one shall use either. Passkeys and copying
# are used, here and nowhere else.
USED_HERE = ("publickey-credentials-create", "publickey-credentials-get", "clipboard-write")
UNUSED = (
    "accelerometer",
    "autoplay",
    "bluetooth",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join((*(f"{name}=(self)" for name in USED_HERE), *(f"{n}=()" for n in UNUSED)))


class BadRequestMiddleware:
    """A request that Django refuses is answered by our page, also where details are shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, SuspiciousOperation):
            return None
        # As Django says it; not the address, in which something may have been typed.
        logger.error("Refused: %s", type(error).__name__)
        return bad_request(request, error)


class ContentSecurityPolicyMiddleware:
    """Tells browsers to load and run only what comes from here, and which powers no page needs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", _policy(request))
        response.setdefault("Permissions-Policy", PERMISSIONS)
        return response


def _policy(request: HttpRequest) -> str:
    """The policy of a page. One that shows layouts has no other frame than theirs.

    A layout cannot lead its frame to another address here, then, with a word of its data in the
    path. The address has no slash at its end: with one, a policy allows whatever begins with it.
    """
    if not has_layouts(request):
        return POLICY
    address = request.build_absolute_uri(reverse("layout_frame"))
    return POLICY.replace(FRAMES, f"frame-src {address}")


class BodyLimitMiddleware:
    """Tells the edge how large a body it may take, and says what the limit was where it took none.

    After the company of the request is known, before anything reads a body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if ASKS_BODY_LIMIT in request.META:
            with refusals(RateLimitedError) as refused:
                return HttpResponse(headers={BODY_LIMIT_HEADER: str(_limit(request))})
            return problem_of(refused.error or RateLimitedError(1))
        if (limit := request.META.get(REFUSED_BODY)) is not None:
            if request.path_info.startswith(BY_TOKEN):
                return problem(413)
            return render(request, "413.html", {"limit": limit}, status=413)
        return self.get_response(request)


def _limit(request: HttpRequest) -> int:
    try:
        found = resolve(request.path_info)
    except Resolver404:
        return SMALL_BODY
    return body_limit(request, found.func, found.kwargs)
