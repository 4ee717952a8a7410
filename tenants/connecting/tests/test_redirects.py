"""To which addresses an answer may be sent, and which names of programs are looked up."""

from __future__ import annotations

from django.test import SimpleTestCase

from tenants.connecting.describing import is_address
from tenants.connecting.redirects import is_among, is_possible, place_of

POSSIBLE = (
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.ai",
    "https://claude.ai:8443/x?y=1",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:33418",
    "http://[::1]:8000/callback",
    "http://localhost:3000/callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "com.example.app:/callback",
)
NEVER = (
    "",
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "java.script:alert(1)\n",
    "data:text/html,x",
    "file:///etc/passwd",
    "http://claude.ai/callback",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.1@evil.example/",
    "http://localhost.evil.example/",
    "http://127.0.0.2/",
    "http://10.0.0.1/",
    "https://claude.ai@evil.example/",
    "https://claude.ai\\@evil.example/",
    "https://evil.example\\.claude.ai/",
    "https://claude.ai/#fragment",
    "https://claude.ai/ x",
    'https://claude.ai/"onload=',
    "https://claude.ai/\r\nLocation: x",
    "https:///claude.ai",
    "//claude.ai/",
    "/callback",
    "https://Claude.ai/x",
    "https://claude.ai/" + "x" * 500,
)


class RedirectTests(SimpleTestCase):
    def test_these_are_possible(self) -> None:
        for uri in POSSIBLE:
            with self.subTest(uri):
                self.assertTrue(is_possible(uri))
                self.assertTrue(is_among(uri, [uri]))
                self.assertTrue(place_of(uri))

    def test_these_never_are_whoever_named_them(self) -> None:
        for uri in NEVER:
            with self.subTest(uri):
                self.assertFalse(is_among(uri, [uri]))

    def test_they_are_compared_letter_by_letter(self) -> None:
        known = ["https://claude.ai/callback"]
        for uri in (
            "https://claude.ai/callback/",
            "https://claude.ai/callback?x=1",
            "https://claude.ai/callback/../other",
            "https://claude.ai/call%62ack",
            "https://claude.ai:443/callback",
            "https://claude.ai/",
            "https://sub.claude.ai/callback",
            "http://claude.ai/callback",
        ):
            with self.subTest(uri):
                self.assertFalse(is_among(uri, known))

    def test_the_port_alone_may_differ_on_the_persons_own_machine(self) -> None:
        known = ["http://127.0.0.1:1/callback"]
        for uri in ("http://127.0.0.1:50000/callback", "http://127.0.0.1/callback"):
            self.assertTrue(is_among(uri, known))
        for uri in (
            "http://127.0.0.1:50000/other",
            "http://127.0.0.1:50000/callback?x=1",
            "http://localhost:50000/callback",
            "http://[::1]:50000/callback",
            "https://127.0.0.1:50000/callback",
            "http://127.0.0.1:5000000/callback",
        ):
            with self.subTest(uri):
                self.assertFalse(is_among(uri, known))


class AddressTests(SimpleTestCase):
    def test_a_program_is_called_by_a_place_of_the_public_network(self) -> None:
        for address in ("https://claude.ai/oauth/claude.json", "https://x.example:8443/a"):
            self.assertTrue(is_address(address))
        for address in (
            "http://claude.ai/x.json",
            "https://claude.ai",
            "https://claude.ai/",
            "https://claude.ai/x?y=1",
            "https://claude.ai/x#y",
            "https://claude.ai/../x",
            "https://claude.ai/a/./x",
            "https://claude.ai/%2e%2e/x",
            "https://claude.ai//x",
            "https://Claude.ai/x",
            "https://user@claude.ai/x",
            "https://localhost/x",
            "https://localhost:8443/x",
            "https://app.localhost/x",
            "https://printer.local/x",
            "https://metadata.google.internal/x",
            "https://127.0.0.1/x",
            "https://127.1/x",
            "https://0x7f.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest",
            "https://claude.ai\\@evil.example/x",
            "javascript:alert(1)",
            "",
        ):
            with self.subTest(address):
                self.assertFalse(is_address(address))
