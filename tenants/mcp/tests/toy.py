"""A small server for tests of the protocol, and messages for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.test import RequestFactory

from tenants.connection import current_schema, use_company
from tenants.errors import LastAdminError, TokenRefusedError
from tenants.mcp.message import CAPABILITIES_KEY, MODERN, VERSION_KEY
from tenants.mcp.pages import endpoint as door
from tenants.mcp.server import Server
from tenants.mcp.tool import Call, JsonObject, Prompt, Resource, Tool
from tenants.models import AccessToken, Company, User
from tenants.tokens.holder import Holder
from tenants.tokens.scopes import Scope

TOKEN = "tf_of_a_test"
READ, WRITE = Scope.TICKETS_READ, Scope.TICKETS_WRITE


def _whoami(call: Call) -> JsonObject:
    return {"email": call.person.email, "schema": current_schema(), "as": call.assistant}


def _refuse(_call: Call) -> JsonObject:
    raise LastAdminError


def _break(_call: Call) -> JsonObject:
    raise RuntimeError("a secret that must not get out")


def _long(_call: Call) -> JsonObject:
    return {"text": "x" * 1_000_000}


def _tool(name: str, function: Any, **more: Any) -> Tool:
    defaults = {"scope": READ, "permissions": (), "output": {"properties": {}}}
    return Tool(name=name, title=name, description=name, function=function, **{**defaults, **more})


SERVER = Server(
    tools=(
        _tool(
            "whoami",
            _whoami,
            arguments={
                "limit": {"type": "integer", "minimum": 1, "maximum": 5},
                "text": {"type": "string", "maxLength": 10, "description": "Any words."},
            },
        ),
        _tool("needs_text", _whoami, arguments={"text": {"type": "string"}}, required=("text",)),
        _tool("refuses", _refuse),
        _tool("breaks", _break),
        _tool("is_long", _long),
        _tool("writes", _whoami, scope=WRITE, writes=True),
        _tool("not_for_you", _whoami, permissions=("tickets.change_ticketerror",)),
    ),
    resources=lambda: [
        Resource(f"text/{n}", f"text-{n}", "A text", "…", "text/plain", lambda address: address)
        for n in range(120)
    ],
    prompts=[Prompt("begin", "Begin", "…", {"what": "what"}, lambda given: given["what"])],
)
VIEW = door.endpoint(SERVER)


@contextmanager
def holding(
    person: User, *, scopes: tuple[Scope, ...] = (READ, WRITE), assistant: str = "Claude"
) -> Iterator[None]:
    """TOKEN is this person's meanwhile."""
    token = AccessToken(
        pk=7, owner=person, company=person.company, name="For a test", assistant=assistant
    )
    holder = Holder(person, token, frozenset(scopes))

    def find(raw: str, **_more: Any) -> Holder:
        if raw != TOKEN:
            raise TokenRefusedError
        return holder

    with mock.patch.object(door, "holder_of", find):
        yield


def modern(method: str, params: JsonObject | None = None, **message: Any) -> JsonObject:
    """A message of 2026-07-28."""
    meta = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}}
    return {
        "jsonrpc": "2.0",
        "id": 1,
        "method": method,
        "params": {**(params or {}), "_meta": meta},
    } | message


def headers_of(message: Any) -> dict[str, str]:
    """The headers that go with it."""
    found = {"Mcp-Protocol-Version": MODERN, "Mcp-Method": message["method"]}
    params = message["params"]
    name = params.get("name") or params.get("uri")
    return {**found, "Mcp-Name": name} if name else found


def send(
    body: Any,
    headers: dict[str, str] | None = None,
    *,
    token: str | None = TOKEN,
    method: str = "POST",
) -> Any:
    """What the view answers; the connection works afterwards where it did before."""
    company = Company.objects.filter(schema_name=current_schema()).first()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = dict(headers or {})
    if token is not None:
        all_headers["Authorization"] = f"Bearer {token}"
    request = RequestFactory().generic(
        method, "/mcp", data, content_type="application/json", headers=all_headers
    )
    try:
        response: Any = VIEW(request)
    finally:
        if company is not None:
            use_company(company)
    response.json = json.loads(response.content) if response.content else None
    return response


def ask(method: str, params: JsonObject | None = None) -> Any:
    """The whole answer to a message of 2026-07-28."""
    message = modern(method, params)
    return send(message, headers_of(message)).json
