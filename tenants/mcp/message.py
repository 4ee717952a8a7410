"""Messages as they come in: JSON-RPC 2.0, and what each version of the protocol asks of them.

2026-07-28 is stateless: each request says in `_meta` which version it speaks, and three headers
repeat what stands in the body, so that whatever stands between need not read it. Who speaks an
earlier version begins with `initialize`, and sends no such headers.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from tenants.mcp.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    UNSUPPORTED_PROTOCOL_VERSION,
    ProtocolError,
)
from tenants.mcp.tool import JsonObject
from tenants.sent_json import read_json

MODERN: Final = "2026-07-28"
# What `initialize` may ask for. The oldest had another transport, but the same messages.
EARLIER: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
VERSIONS: Final = (MODERN, *EARLIER)
VERSION_HEADER: Final = "Mcp-Protocol-Version"
_META: Final = "io.modelcontextprotocol/"
VERSION_KEY: Final = f"{_META}protocolVersion"
CAPABILITIES_KEY: Final = f"{_META}clientCapabilities"
# Whose name the header Mcp-Name repeats.
_NAMED_BY: Final[Mapping[str, str]] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
}
_ENCODED: Final = re.compile(r"=\?base64\?(.*)\?=")
LONGEST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` is None where it is a notification, which nobody answers."""

    method: str
    params: JsonObject
    id: str | int | None = None
    is_modern: bool = False

    def text(self, name: str) -> str:
        """A text among the parameters.

        Raises:
            ProtocolError: there is none.
        """
        found = self.params.get(name)
        if not isinstance(found, str):
            raise ProtocolError(INVALID_PARAMS, f"params.{name} must be a string.")
        return found


def message_in(body: bytes) -> Any:
    """The JSON of a body, whose texts can all be kept, and answered with.

    Raises:
        ProtocolError: it is none.
    """
    try:
        return read_json(body)
    except (ValueError, RecursionError) as error:
        text = (
            "The body is not JSON in UTF-8, or it holds half a character, the character with the "
            "number 0, or a number that is too large."
        )
        raise ProtocolError(PARSE_ERROR, text) from error


def id_of(decoded: object) -> str | int | None:
    """The id under which a message is answered, also one that is refused; None: it has none."""
    found = decoded.get("id") if isinstance(decoded, dict) else None
    return found if _is_id(found) else None


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def read_message(decoded: Any, headers: Mapping[str, str]) -> Message:
    """A message, held against its headers. Survives any JSON.

    Raises:
        ProtocolError: it breaks the protocol.
    """
    if not isinstance(decoded, dict):
        text = "Send one message as a JSON object: there are no batches."
        raise ProtocolError(INVALID_REQUEST, text)
    method, params = decoded.get("method"), decoded.get("params", {})
    if decoded.get("jsonrpc") != "2.0" or not isinstance(method, str) or not method:
        raise ProtocolError(INVALID_REQUEST, 'A message has "jsonrpc": "2.0" and a "method".')
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_REQUEST, '"params" must be an object.')
    is_request = "id" in decoded
    if is_request and not _is_id(decoded["id"]):
        raise ProtocolError(INVALID_REQUEST, '"id" must be a string or an integer.')
    is_modern = _is_modern(params, headers)
    if is_request and is_modern:
        _ensure_envelope(method, params, headers)
    elif not is_modern:
        _ensure_known(headers.get(VERSION_HEADER) or EARLIER[0], (*EARLIER, MODERN))
    return Message(method, params, id_of(decoded), is_modern)


def _is_modern(params: JsonObject, headers: Mapping[str, str]) -> bool:
    """Whether it speaks the stateless protocol, by its header or by what it says of itself."""
    named = headers.get(VERSION_HEADER)
    meta = params.get("_meta")
    if isinstance(meta, dict) and VERSION_KEY in meta:
        return True
    return named is not None and named not in EARLIER


def _ensure_envelope(method: str, params: JsonObject, headers: Mapping[str, str]) -> None:
    meta = params.get("_meta")
    missing = [
        key
        for key in (VERSION_KEY, CAPABILITIES_KEY)
        if not isinstance(meta, dict) or key not in meta
    ]
    named = headers.get(VERSION_HEADER)
    if missing and named is not None and named not in VERSIONS:
        _ensure_known(named, (MODERN,))  # of a version to come nobody knows what it sends
    if missing or not isinstance(meta, dict):
        raise ProtocolError(INVALID_PARAMS, f"params._meta lacks {', '.join(missing)}.")
    version = meta[VERSION_KEY]
    if named is None or named != version:
        _mismatch(VERSION_HEADER, "the version in params._meta")
    if headers.get("Mcp-Method") != method:
        _mismatch("Mcp-Method", "the method of the body")
    key = _NAMED_BY.get(method)
    if key is not None and key in params and decoded_header(headers.get("Mcp-Name")) != params[key]:
        _mismatch("Mcp-Name", f"params.{key}")
    _ensure_known(version, (MODERN,))


def _mismatch(header: str, what: str) -> NoReturn:
    raise ProtocolError(HEADER_MISMATCH, f"The header {header} does not equal {what}.")


def _ensure_known(version: object, known: tuple[str, ...]) -> None:
    if version not in known:
        data = {"supported": list(VERSIONS), "requested": str(version)[:LONGEST_ID]}
        raise ProtocolError(UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version", data)


def decoded_header(value: str | None) -> str | None:
    """A header as it was meant: what is no plain text travels as =?base64?…?=. None: it is none."""
    found = _ENCODED.fullmatch(value or "")
    if found is None:
        return value
    try:
        decoded = base64.b64decode(found[1], validate=True)
        text = decoded.decode("utf-8")
    except ValueError:
        return None
    return text if base64.b64encode(decoded).decode() == found[1] else None
