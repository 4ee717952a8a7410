"""ETag and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.errors import TokenError

LONGEST_VERSION: Final = 200


class NoVersionNamedError(TokenError):
    message = _("Say what you have read: send its ETag as If-Match.")
    status = HTTPStatus.PRECONDITION_REQUIRED


class ChangedMeanwhileError(TokenError):
    message = _("Somebody changed this in the meantime. Read it again, and decide anew.")
    status = HTTPStatus.PRECONDITION_FAILED


class VersionFormError(TokenError):
    message = _("If-Match is an ETag as it was read: send nothing else with it.")
    status = HTTPStatus.BAD_REQUEST


def etag_of(marker: object) -> str:
    """The strong ETag of a state, whatever marks it."""
    return f'"{sha256(str(marker).encode("utf-8", "replace")).hexdigest()[:32]}"'


def ensure_unchanged(request: HttpRequest, marker: object, *, is_required: bool = False) -> None:
    """Refuse a request whose If-Match names another state than that of `marker`.

    Without the header nothing is compared, unless it `is_required`.

    Raises:
        ChangedMeanwhileError: it is another one by now.
        NoVersionNamedError: the header is missing, or names whatever there is (*).
        VersionFormError: it is none.
    """
    asked = version_named(request)
    if asked is None:
        if is_required:
            raise NoVersionNamedError
        return
    if etag_of(marker) not in [each.strip() for each in asked.split(",")]:
        raise ChangedMeanwhileError


def as_it_was_read(request: HttpRequest, marker: Callable[[], object]) -> Callable[[], None]:
    """Refuse at once a request whose If-Match names another state, and give what looks once more.

    Hand that to a service as its `first`, which it calls under its locks, before anything is
    written: nobody comes in between. `marker` reads the state each time.

    Raises:
        ChangedMeanwhileError, NoVersionNamedError, VersionFormError: as `ensure_unchanged`.
    """

    def ensure() -> None:
        ensure_unchanged(request, marker())

    ensure()
    return ensure


def version_named(request: HttpRequest) -> str | None:
    """What If-Match says, with its quotation marks; None: it is missing, or any version will do.

    Raises:
        VersionFormError: it is longer than any ETag of ours.
    """
    asked = request.headers.get("If-Match", "").strip()
    if len(asked) > LONGEST_VERSION:
        raise VersionFormError
    return None if asked in ("", "*") else asked
