"""An assistant in a test: it calls tools at /mcp, through everything that stands before them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from tenants.mcp.scopes import ALL_SCOPES
from tenants.mcp.tests.toy import TOKEN, headers_of, holding, modern
from tenants.models import User
from tenants.testing import CompanyClient


class Assistant:
    """Somebody's assistant. `scopes` are what its token allows."""

    def __init__(
        self, person: User, *, scopes: Sequence[str] = ALL_SCOPES, name: str = "Claude"
    ) -> None:
        self.person, self.scopes, self.name = person, tuple(scopes), name

    def post(self, message: Any, headers: dict[str, str]) -> Any:
        """The response to a message."""
        headers = {**headers, "Authorization": f"Bearer {TOKEN}"}
        with holding(self.person, scopes=self.scopes, assistant=self.name):
            return CompanyClient().post(
                "/mcp", json.dumps(message), content_type="application/json", headers=headers
            )

    def ask(self, method: str, **params: Any) -> Any:
        """The whole answer to a request."""
        message = modern(method, params)
        return json.loads(self.post(message, headers_of(message)).content)

    def result(self, tool: str, arguments: dict[str, Any]) -> Any:
        answer = self.ask("tools/call", name=tool, arguments=arguments)
        return answer.get("result", answer)

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool brings. Fails where it refuses."""
        result = self.result(tool, arguments)
        if result.get("isError", True):
            raise AssertionError(f"{tool}: {result}")
        return result["structuredContent"]

    def write(self, tool: str, **arguments: Any) -> Any:
        """The same with a key of its own."""
        return self.call(tool, **arguments, idempotency_key=uuid4().hex)

    def refused(self, tool: str, **arguments: Any) -> Any:
        """Why a tool refuses: its message, and its problems. Fails where it does not."""
        result = self.result(tool, arguments)
        if not result.get("isError"):
            raise AssertionError(f"{tool}: {result}")
        return result["structuredContent"]["error"]
