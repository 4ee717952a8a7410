"""Reports of errors to Sentry, where SENTRY_DSN is set and requirements-sentry.txt installed.

A report is made anew from what may leave the house: types and places of errors, and the ids of the
context. No form data, cookie, header, query string, local variable, e-mail or text of an error.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from tenants.observing.log_context import facts

KEPT: Final = ("event_id", "timestamp", "level", "logger", "platform", "release", "environment")
KEPT_OF_FRAMES: Final = ("filename", "function", "module", "lineno", "in_app")
MISSING: Final = (
    "SENTRY_DSN is set, but the package sentry-sdk is not installed: install "
    "requirements-sentry.txt, or take SENTRY_DSN away."
)


def report_errors(dsn: str, *, environment: str = "") -> None:
    """Begin to report.

    Raises:
        ImproperlyConfigured: the package is not installed, or the address makes no sense.
    """
    try:
        sdk: Any = importlib.import_module("sentry_sdk")
        integrations: Any = importlib.import_module("sentry_sdk.integrations.logging")
    except ImportError as error:
        raise ImproperlyConfigured(MISSING) from error
    try:
        sdk.init(
            dsn=dsn,
            environment=environment or None,
            before_send=without_what_was_typed,
            before_breadcrumb=lambda _crumb, _hint: None,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            server_name="",
            # Errors reach the log, and from there Sentry: in web, worker and commands alike.
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[integrations.LoggingIntegration(level=None)],
        )
    except ValueError as error:
        raise ImproperlyConfigured("SENTRY_DSN is not the address of a Sentry project.") from error


def without_what_was_typed(event: Mapping[str, Any], _hint: object = None) -> dict[str, Any] | None:
    """What of a report may be sent; None for a refusal, which is no error of ours."""
    by = str(event.get("logger") or "")
    if by.startswith("django.security") or (by == "django.request" and not event.get("exception")):
        return None
    kept = {name: event[name] for name in KEPT if name in event}
    values = (event.get("exception") or {}).get("values") or []
    kept["exception"] = {"values": [_error(each) for each in values]}
    kept["tags"] = {
        name: str(value) for name, value in facts().items() if name not in ("jobs", "reason")
    }
    message = (event.get("logentry") or {}).get("message")
    if message and not values:
        kept["logentry"] = {"message": message}  # with its places, without what stood there
    return kept


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or []
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        "stacktrace": {
            "frames": [
                {name: frame[name] for name in KEPT_OF_FRAMES if name in frame} for frame in frames
            ]
        },
    }
