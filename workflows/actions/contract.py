from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from workflows.engine.process import JsonObject


class Sendable(Protocol):
    """What the client sends; `own_headers` are those that its kind always has."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def timeout_seconds(self) -> float: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def own_headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A POST of JSON. `headers` are sent besides those that every call has."""

    url: str
    body: JsonObject
    timeout_seconds: float
    idempotency_key: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return "POST"

    @property
    def own_headers(self) -> Mapping[str, str]:
        return {"Content-Type": "application/json", "Idempotency-Key": self.idempotency_key}

    @property
    def content(self) -> bytes:
        """The bytes that are sent: always the same ones, so that they can be signed."""
        return json.dumps(self.body, allow_nan=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the body is decompressed, the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
