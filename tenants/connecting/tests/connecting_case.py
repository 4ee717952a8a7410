"""A program in a test: it asks, is allowed, and exchanges what it got."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final
from unittest import mock
from urllib.parse import parse_qs, urlencode, urlsplit

from django.core.cache import cache
from django.urls import reverse

from tenants.identity.outgoing import Fetch, Fetched, send
from tenants.models import AccessToken, User
from tenants.testing import CompanyTestCase
from tenants.tokens.scopes import Scope

HERE: Final = "http://testserver"
CLAUDE: Final = "https://claude.example/oauth/claude.json"
CALLBACK: Final = "https://claude.example/callback"
VERIFIER: Final = "a" * 43
SCOPES: Final = (Scope.TICKETS_READ.value, Scope.TASKS_READ.value)
DOCUMENT: Final = {
    "client_id": CLAUDE,
    "client_name": "Claude",
    "redirect_uris": [CALLBACK, "http://127.0.0.1/callback"],
    "token_endpoint_auth_method": "none",
}


def challenge_of(verifier: str) -> str:
    digest = sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class ConnectingCase(CompanyTestCase):
    """`documents` are what stands at which address; what is fetched is in `fetched`."""

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.documents: dict[str, Any] = {CLAUDE: DOCUMENT}
        self.fetched: list[str] = []
        self.enterContext(self.answering())
        self.log_in(self.uma)

    @contextmanager
    def answering(self) -> Iterator[None]:
        def answer(fetch: Fetch) -> list[Fetched]:
            self.fetched.append(fetch.url)
            found = self.documents.get(fetch.url)
            if found is None:
                return [Fetched(404, b"")]
            return [Fetched(200, found if isinstance(found, bytes) else json.dumps(found).encode())]

        with mock.patch.object(send, "call_all", answer):
            yield

    def query(self, **more: str | None) -> dict[str, str]:
        values: dict[str, str | None] = {
            "client_id": CLAUDE,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            "resource": f"{HERE}/mcp",
            "scope": " ".join(SCOPES),
            "state": "their-own",
        }
        return {name: value for name, value in {**values, **more}.items() if value is not None}

    def address(self, **more: str | None) -> str:
        return f"{reverse('admin:account_connect')}?{urlencode(self.query(**more))}"

    def ask(self, **more: str | None) -> Any:
        return self.client.get(self.address(**more))

    def allow(self, *, scopes: Any = SCOPES, days: str = "30", **more: str | None) -> Any:
        return self.client.post(self.address(**more), {"scopes": list(scopes), "days": days})

    def answer_in(self, page: Any) -> dict[str, str]:
        """What the program would get, by the page that leads back."""
        self.assertEqual(page.status_code, 200)
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
        assert found, page.content.decode()[-3000:]
        address = html.unescape(found[1])
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    def code(self, **more: Any) -> str:
        return self.answer_in(self.allow(**more))["code"]

    def post(self, name: str, **sent: str) -> Any:
        body = urlencode(sent)
        kind = "application/x-www-form-urlencoded"
        return self.client_class().post(reverse(name), body, content_type=kind)

    def redeem(self, code: str, **more: str) -> Any:
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": CLAUDE,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "resource": f"{HERE}/mcp",
        }
        return self.post("oauth_token", **{**values, **more})

    def renew(self, renews: str, **more: str) -> Any:
        values = {"grant_type": "refresh_token", "refresh_token": renews, "client_id": CLAUDE}
        return self.post("oauth_token", **{**values, **more})

    def connected(self, **more: Any) -> dict[str, Any]:
        """What the token endpoint gives for a code."""
        given = self.redeem(self.code(**more))
        self.assertEqual(given.status_code, 200, given.content)
        found: dict[str, Any] = given.json()
        return found

    def mcp(self, access: str) -> int:
        """With which status /mcp answers somebody who shows this."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
        answer = self.client_class().post(
            "/mcp",
            json.dumps(message),
            content_type="application/json",
            headers={"Authorization": f"Bearer {access}"},
        )
        return int(answer.status_code)

    def api(self, access: str) -> int:
        headers = {"Authorization": f"Bearer {access}"}
        return int(self.client_class().get("/api/v1/ticket-types", headers=headers).status_code)

    def assert_refused(self, answer: Any, error: str, status: int = 400) -> None:
        self.assertEqual(answer.status_code, status, answer.content)
        self.assertEqual(answer.json()["error"], error)
        self.assertIn("no-store", answer["Cache-Control"])

    def token_of(self, person: User) -> AccessToken:
        return AccessToken.objects.get(owner=person)
