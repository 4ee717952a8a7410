"""Companies' identity providers are called as actions are: the same destinations and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.identity import outgoing
from workflows.actions.client import make_call


@dataclass(frozen=True, slots=True)
class _Request:
    """What `tenants.identity` asks for, as the client sends it."""

    fetch: outgoing.Fetch

    @property
    def method(self) -> str:
        return "GET" if self.fetch.content is None else "POST"

    @property
    def url(self) -> str:
        return self.fetch.url

    @property
    def timeout_seconds(self) -> float:
        return self.fetch.timeout_seconds

    @property
    def headers(self) -> Mapping[str, str]:
        return self.fetch.headers

    @property
    def own_headers(self) -> Mapping[str, str]:
        return {}

    @property
    def content(self) -> bytes:
        return self.fetch.content or b""


@outgoing.send.register
def call(request: outgoing.Fetch) -> outgoing.Fetched:
    """Raises ActionError, TemporaryActionError."""
    answer = make_call(_Request(request))
    return outgoing.Fetched(answer.status, answer.body)
