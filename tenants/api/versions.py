"""ETag and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.errors import TokenError


class NoVersionNamedError(TokenError):
    message = _("Say what you have read: send its ETag as If-Match.")
    status = HTTPStatus.PRECONDITION_REQUIRED


class ChangedMeanwhileError(TokenError):
    message = _("Somebody changed this in the meantime. Read it again, and decide anew.")
    status = HTTPStatus.PRECONDITION_FAILED


def etag_of(marker: object) -> str:
    """The strong ETag of a state, whatever marks it."""
    return f'"{sha256(str(marker).encode("utf-8", "replace")).hexdigest()[:32]}"'


def ensure_unchanged(request: HttpRequest, marker: object, *, is_required: bool = False) -> None:
    """Refuse a request whose If-Match names another state than that of `marker`.

    Without the header nothing is compared, unless it `is_required`.

    Raises:
        ChangedMeanwhileError: it is another one by now.
        NoVersionNamedError: the header is missing, or names whatever there is (*).
    """
    asked = request.headers.get("If-Match", "").strip()
    if is_required and asked in ("", "*"):
        raise NoVersionNamedError
    if asked in ("", "*"):
        return
    if etag_of(marker) not in [each.strip() for each in asked.split(",")]:
        raise ChangedMeanwhileError
