from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.engine.process import JsonObject


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A POST of JSON. `headers` are sent besides those that every call has."""

    url: str
    body: JsonObject
    timeout_seconds: float
    idempotency_key: str
    headers: Mapping[str, str] = field(default_factory=dict)

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
