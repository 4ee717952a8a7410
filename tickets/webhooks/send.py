"""One POST to a webhook, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.utils.translation import gettext as _

from workflows.actions import ActionError, Answer, make_call

TIMEOUT_SECONDS: Final = 10.0
# Of an answer, in the log.
ANSWER_CHARACTERS: Final = 2_000
ERROR_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What the client of actions sends: see `Sendable`. The `headers` hold the signature."""

    url: str
    content: bytes
    headers: Mapping[str, str]
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def method(self) -> str:
        return "POST"

    @property
    def own_headers(self) -> Mapping[str, str]:
        return {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`error` is empty where it was delivered: it was answered with 2xx, whatever the answer."""

    status: int | None = None
    answer: str = ""
    error: str = ""

    @property
    def is_delivered(self) -> bool:
        return not self.error

    @property
    def is_gone(self) -> bool:
        return self.status == HTTPStatus.GONE


def send(request: WebhookRequest) -> Outcome:
    """Never raises for what the other system does. Not inside a transaction: it may take long."""
    try:
        return outcome_of(make_call(request))
    except ActionError as error:
        # Its status is known where the answer alone was of no use: too large, say.
        if error.answered_with is not None and _is_success(error.answered_with):
            return Outcome(error.answered_with, answer=str(error)[:ANSWER_CHARACTERS])
        return Outcome(error.answered_with, error=str(error)[:ERROR_CHARACTERS])


def outcome_of(answer: Answer) -> Outcome:
    text = answer.body[: 4 * ANSWER_CHARACTERS].decode(errors="replace")[:ANSWER_CHARACTERS]
    text = text.replace("\x00", "\ufffd")  # which Postgres does not keep
    if _is_success(answer.status):
        return Outcome(answer.status, answer=text)
    return Outcome(answer.status, answer=text, error=_why(answer.status))


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _why(status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _(
            "It answered with a redirect (status %(status)d), which is not followed. Enter the"
            " final address."
        ) % {"status": status}
    if status == HTTPStatus.GONE:
        return _("It answered that the address is gone (status 410).")
    return _("It answered with status %(status)d.") % {"status": status}
