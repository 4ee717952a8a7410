"""An assistant in a test: it calls tools at /mcp, through everything that stands before them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jsonschema_rs
from django.utils import timezone

from project.programs.mcp_server import SERVER
from tenants.mcp.tests.toy import headers_of, modern
from tenants.models import User
from tenants.testing import CompanyClient
from tenants.tokens.make_token import make_token
from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope

ALL_SCOPES = frozenset(Scope) - NEVER_FOR_ASSISTANTS


def token_of(person: User, *, scopes: Iterable[Scope] = ALL_SCOPES, assistant: str = "") -> str:
    """A new token of somebody, as it is sent."""
    now = timezone.now()
    made = make_token(
        owner=person,
        name="For a test",
        scopes=scopes,
        expires_at=now + timedelta(days=1),
        by=person,
        now=now,
        assistant=assistant,
    )
    return made.raw


class Assistant:
    """Somebody's assistant. `scopes` are what its token allows."""

    def __init__(
        self, person: User, *, scopes: Iterable[Scope] = ALL_SCOPES, name: str = "Claude"
    ) -> None:
        self.person = person
        self.token = token_of(person, scopes=scopes, assistant=name)

    def post(self, message: Any, headers: dict[str, str]) -> Any:
        """The response to a message."""
        headers = {**headers, "Authorization": f"Bearer {self.token}"}
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
        # As the official client does: what does not fit what the tool promises is an error to it.
        promised = SERVER.tools[tool].as_json()["outputSchema"]
        jsonschema_rs.validator_for(promised).validate(result["structuredContent"])
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
