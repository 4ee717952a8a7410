"""What is refused of messages, and of calls of tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.errors import TenantsError

# JSON-RPC's own.
PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
# Of the Model Context Protocol, 2026-07-28.
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_PROTOCOL_VERSION: Final = -32022
# Ours: the protocol leaves -32000 to -32019 to whoever implements it.
NOT_LET_IN: Final = -32001
TOO_OFTEN: Final = -32003

# An internal error is no status of HTTP's: the message was understood.
_STATUS: Final = {
    PARSE_ERROR: HTTPStatus.BAD_REQUEST,
    INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    INVALID_PARAMS: HTTPStatus.BAD_REQUEST,
    HEADER_MISMATCH: HTTPStatus.BAD_REQUEST,
    UNSUPPORTED_PROTOCOL_VERSION: HTTPStatus.BAD_REQUEST,
    METHOD_NOT_FOUND: HTTPStatus.NOT_FOUND,
    NOT_LET_IN: HTTPStatus.UNAUTHORIZED,
    TOO_OFTEN: HTTPStatus.TOO_MANY_REQUESTS,
}


class ProtocolError(Exception):
    """A message that breaks the protocol: its program is at fault, and nobody is told in words.

    `message` is for whoever writes that program: English, as the protocol is.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    @property
    def status(self) -> HTTPStatus:
        return _STATUS.get(self.code, HTTPStatus.OK)

    def as_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": self.data}


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """What is wrong with an argument. `place` is where, such as `answers.amount`."""

    place: str
    message: str


class WrongArgumentsError(TenantsError):
    """The arguments do not fit the tool's input schema; `problems` says each."""

    message = _("The arguments do not fit this tool. See what is wrong with each.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, problems: Sequence[ArgumentProblem]) -> None:
        super().__init__()
        self.problems = list(problems)


class NotForYouError(TenantsError):
    message = _("The person whose assistant you are may not do this.")
    status = HTTPStatus.FORBIDDEN


class ScopeMissingError(TenantsError):
    message = _("This token does not allow it. It needs the scope “%(scope)s”.")
    status = HTTPStatus.FORBIDDEN

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope


class NothingThereError(TenantsError):
    message = _("There is nothing of this number or key, or the person may not see it.")
    status = HTTPStatus.NOT_FOUND


class KeyUsedError(TenantsError):
    field = "idempotency_key"
    message = _("This key came with another call already. Give each thing that you do its own.")


class ResultTooLargeError(TenantsError):
    message = _("The answer would be too long. Ask for less: fewer entries, or one part.")
