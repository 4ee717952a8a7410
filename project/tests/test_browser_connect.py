"""A program is connected in a real browser: from its link, by the log-in, and back to it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from playwright.sync_api import Page, expect

from project.tests.axe import problems_by_view
from project.tests.browser import PHONE, BrowserTestCase
from tenants.account.tests.test_passkeys_in_browser import HASHED
from tenants.connecting.programs import register_program
from tenants.connecting.tests.connecting_case import VERIFIER, challenge_of
from tenants.models import ConnectedProgram, User
from tenants.testing import PASSWORD
from workflows.actions.tests.remote_system import RemoteSystem, answering


class ConnectInBrowserTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        html = {"Content-Type": "text/html"}
        reply = answering(b"<link rel=icon href=data:,><p>Thank you", headers=html)
        self.program = self.enterContext(RemoteSystem(reply))
        self.callback = f"http://127.0.0.1:{self.program.port}/callback"

    def link(self, **more: str) -> str:
        sent = {"client_name": "Claude Code", "redirect_uris": [self.callback]}
        values = {
            "client_id": register_program(sent).id,
            "redirect_uri": self.callback,
            "response_type": "code",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            "resource": f"{self.address}/mcp",
            "state": "x",
        }
        return f"{reverse('admin:account_connect')}?{urlencode({**values, **more})}"

    def look(self, page: Page) -> None:
        self.check(page)
        self.assertEqual(problems_by_view(page, narrow=PHONE), {})

    def test_from_the_link_to_the_program(self) -> None:
        # Tests hash in a way that the web server, which knows of no test, does not take.
        her_row = User.objects.filter(pk=self.uma.pk)
        her_row.update(password=HASHED)
        self.addCleanup(her_row.update, password=self.uma.password)
        page = self.open_window()
        page.goto(self.link())
        page.get_by_label("E-mail address").fill(self.uma.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_text("“Claude Code” wants to act for you")).to_be_visible()
        self.look(page)
        page.get_by_label("Submit, answer and withdraw tickets").uncheck()
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_text("Thank you")).to_be_visible()
        self.assertTrue(page.url.startswith(f"{self.callback}?code="), page.url)
        self.assertEqual(self.program.received[0].header("Referer"), [])
        self.assertEqual(self.errors, [])
        row = ConnectedProgram.objects.get()
        self.assertNotIn("tickets:write", row.scopes)
        self.assertIn("tickets:read", row.scopes)

    def test_it_is_cancelled(self) -> None:
        page = self.open_window(self.uma)
        page.goto(self.link())
        page.get_by_role("link", name="Cancel").click()
        expect(page.get_by_text("Thank you")).to_be_visible()
        self.assertIn("error=access_denied", page.url)
        self.assertFalse(ConnectedProgram.objects.exists())

    def test_what_is_refused_leads_nowhere(self) -> None:
        page = self.open_window(self.uma)
        page.goto(self.link(resource="https://elsewhere.example/mcp"))
        expect(page.get_by_text("Nothing was connected")).to_be_visible()
        self.errors.clear()  # the browser notes the status 400
        self.look(page)
        self.assertEqual(self.program.received, [])
