"""The official client is connected by a click: it finds its way from a refusal at /mcp alone.

Over real servers: ours, and one at which the client describes itself, over TLS.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import ssl
import unittest
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.utils import timezone

from project.tests.web_server import WebServerTestCase, session_key_of
from tenants.models import AccessToken, User
from tenants.testing import outside
from tenants.testing_tools.waits import PATIENCE
from tickets.testing import import_fixture
from workflows.actions.tests.remote_system import NAME, RemoteSystem, answering
from workflows.actions.tests.test_make_call import CERTIFICATE

if HAS_CLIENT := find_spec("mcp") is not None:
    import httpx2
    from mcp import Client
    from mcp.client.auth import OAuthClientProvider
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
    from pydantic import AnyUrl

WITHOUT_CLIENT = "the official client is not installed: pip install -r requirements-dev.txt"
CALLBACK = "http://127.0.0.1:33418/callback"
PROGRAM = f"https://{NAME}/oauth/program.json"
DOCUMENT = {
    "client_id": PROGRAM,
    "client_name": "Assistant",
    "redirect_uris": ["http://127.0.0.1/callback"],
    "token_endpoint_auth_method": "none",
}


class _Kept:
    """What a client keeps between its runs."""

    def __init__(self) -> None:
        self.tokens: Any = None
        self.client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info


@unittest.skipUnless(HAS_CLIENT, WITHOUT_CLIENT)
class OfficialClientConnectsTests(WebServerTestCase):
    program: ClassVar[RemoteSystem]

    @classmethod
    def setUpClass(cls) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE)
        reply = answering(json.dumps(DOCUMENT).encode())
        cls.program = cls.enterClassContext(RemoteSystem(reply, tls=tls))
        cls.SETTINGS = {
            "ACTION_CONNECT_TO": ",".join(cls.program.connect_to),
            "SSL_CERT_FILE": str(CERTIFICATE),
        }
        super().setUpClass()

    def setUp(self) -> None:
        super().setUp()
        import_fixture("vacation", self.carla)
        self.kept = _Kept()
        self.pages: list[str] = []

    def click(self, session_key: str, address: str) -> dict[str, str]:
        """What a person does in their browser; returns what their program is answered."""
        cookies = {settings.SESSION_COOKIE_NAME: session_key}
        with httpx.Client(cookies=cookies, timeout=PATIENCE) as browser:
            page = browser.get(address)
            self.assertEqual(page.status_code, 200, page.text[-2000:])
            self.pages.append(page.text)
            csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
            scopes = re.findall(r'name="scopes" value="([^"]+)"', page.text)
            assert csrf
            form = {"csrfmiddlewaretoken": csrf[1], "scopes": scopes, "days": "7"}
            back = browser.post(address, data=form, headers={"Referer": address})
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', back.text)
        assert found, back.text[-2000:]
        answer = html.unescape(found[1])
        self.assertTrue(answer.startswith(f"{CALLBACK}?"), answer)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}

    def do(
        self,
        person: User,
        act: Callable[[Any], Awaitable[None]],
        *,
        program: str | None = None,
    ) -> None:
        """As somebody's client, which knows the address alone."""
        answers: list[dict[str, str]] = []
        with outside():
            session_key = session_key_of(person)

        async def to_browser(address: str) -> None:
            answers.append(await asyncio.to_thread(self.click, session_key, address))

        async def answer() -> AuthorizationCodeResult:
            got = answers[-1]
            return AuthorizationCodeResult(code=got["code"], state=got["state"], iss=got["iss"])

        async def connected() -> None:
            self.provider = provider = OAuthClientProvider(
                f"{self.address}/mcp",
                OAuthClientMetadata(redirect_uris=[AnyUrl(CALLBACK)], client_name="Some Editor"),
                self.kept,
                redirect_handler=to_browser,
                callback_handler=answer,
                client_metadata_url=program,
            )
            async with httpx2.AsyncClient(auth=provider, timeout=PATIENCE) as http:
                transport = streamable_http_client(f"{self.address}/mcp", http_client=http)
                async with Client(transport) as client:
                    await act(client)

        asyncio.run(connected())

    async def list_types(self, client: Any) -> None:
        found = await client.call_tool("list_ticket_types", {})
        self.assertFalse(found.is_error, found.content)
        self.assertEqual(found.structured_content["ticket_types"][0]["key"], "vacation")

    async def publishes_nothing(self, client: Any) -> None:
        names = {each.name for each in (await client.list_tools()).tools}
        self.assertIn("list_ticket_types", names)
        self.assertFalse([each for each in names if "publish" in each or "people" in each])

    def test_one_that_describes_itself(self) -> None:
        self.do(self.uma, self.list_types, program=PROGRAM)
        self.assertEqual(len(self.pages), 1)
        self.assertIn(NAME, self.pages[0])
        token = AccessToken.objects.get()
        self.assertEqual((token.owner, token.assistant), (self.uma, f"Assistant ({NAME})"))
        self.assertEqual(token.door, "mcp")

    def test_one_that_registers(self) -> None:
        self.do(self.uma, self.list_types)
        token = AccessToken.objects.get()
        self.assertEqual(token.assistant, "Some Editor (127.0.0.1)")
        self.do(self.carla, self.publishes_nothing)

    def test_it_renews_its_token_without_a_person(self) -> None:
        async def an_hour_later(client: Any) -> None:
            await self.list_types(client)
            first = self.kept.tokens
            self.provider.context.token_expiry_time = 1.0
            await self.list_types(client)
            self.assertNotEqual(self.kept.tokens.access_token, first.access_token)
            self.assertNotEqual(self.kept.tokens.refresh_token, first.refresh_token)

        self.do(self.uma, an_hour_later)
        self.assertEqual(len(self.pages), 1)
        self.assertEqual(AccessToken.objects.count(), 1)

    def test_who_revoked_it_is_asked_again(self) -> None:
        self.do(self.uma, self.list_types)
        AccessToken.objects.update(revoked_at=timezone.now())
        self.do(self.uma, self.list_types)
        self.assertEqual(len(self.pages), 2)
        self.assertEqual(AccessToken.objects.count(), 2)

    def test_each_person_is_in_their_own_company(self) -> None:
        async def sees_nothing_of_acme(client: Any) -> None:
            found = await client.call_tool("list_ticket_types", {})
            self.assertEqual(found.structured_content["ticket_types"], [])

        self.do(self.charlie, sees_nothing_of_acme)
        self.assertIn("Globex", self.pages[0])
        self.assertNotIn("Acme", self.pages[0])
