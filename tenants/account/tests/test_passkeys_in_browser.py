"""Passkeys in Chromium, with a device that it plays."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import CDPSession, Page, expect

from project.tests.browser import BrowserTestCase
from tenants.models import Passkey, User
from tenants.testing import PASSWORD
from tenants.testing_tools.examples import long_run_only

LOGIN, OWN = "/app/login/", "/app/account/second-factor/"
USE, ALONE = "Use your passkey", "Log in with a passkey"
HASHED = PBKDF2PasswordHasher().encode(PASSWORD, "a-salt-for-tests", 1000)
KIND = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """A device of the window: CDP's virtual authenticator."""

    def __init__(self, page: Page, **kind: object) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        added = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": KIND | kind})
        self.number = added["authenticatorId"]

    def keys(self) -> list[Any]:
        asked = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.number})
        return list(asked["credentials"])

    def put(self, keys: list[Any]) -> None:
        """Hold these keys and no others."""
        self.session.send("WebAuthn.clearCredentials", {"authenticatorId": self.number})
        for key in keys:
            sent = {"authenticatorId": self.number, "credential": key}
            self.session.send("WebAuthn.addCredential", sent)

    def remove(self) -> None:
        sent = {"authenticatorId": self.number}
        self.session.send("WebAuthn.removeVirtualAuthenticator", sent)


class PasskeyTests(BrowserTestCase):
    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        # Tests hash in a way that the web server, which knows of no test, does not take.
        for person in (self.uma, self.charlie):
            User.objects.filter(pk=person.pk).update(password=HASHED)
            self.addCleanup(User.objects.filter(pk=person.pk).update, password=person.password)
            person.refresh_from_db()

    @property
    def local(self) -> str:
        return f"http://localhost:{self.port}"

    def window(self, **kind: object) -> tuple[Page, Device]:
        page = self.open_window()
        page.goto(f"{self.local}{LOGIN}")
        return page, Device(page, **kind)

    def give_password(self, page: Page, person: User) -> None:
        page.goto(f"{self.local}{LOGIN}")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()

    def add(self, page: Page, person: User, name: str = "Phone") -> None:
        """Log in, and add a passkey of the window's device."""
        self.give_password(page, person)
        page.wait_for_url(f"{self.local}/app/")
        page.goto(f"{self.local}{OWN}")
        page.get_by_label("What do you call it?").fill(name)
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.locator("#recovery-codes")).to_be_visible()
        self.check(page)

    def log_out(self, page: Page) -> None:
        page.context.clear_cookies()

    def test_added_and_used_after_the_password_and_without_one(self) -> None:
        page, _device = self.window()
        self.add(page, self.uma, "My phone")
        page.goto(f"{self.local}{OWN}")
        expect(page.locator('input[name=name][value="My phone"]')).to_be_visible()
        self.check(page)
        self.log_out(page)
        self.give_password(page, self.uma)
        self.check(page)
        page.get_by_role("button", name=USE).click()
        page.wait_for_url(f"{self.local}/app/")
        self.log_out(page)
        page.goto(f"{self.local}{LOGIN}")
        self.check(page)
        page.get_by_role("button", name=ALONE).click()
        page.wait_for_url(f"{self.local}/app/")
        self.assertGreater(Passkey.objects.get().sign_count, 1)

    @long_run_only
    def test_a_device_that_has_it_already_is_told(self) -> None:
        page, _device = self.window()
        self.add(page, self.uma)
        page.goto(f"{self.local}{OWN}")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_text("holds a passkey of yours already")).to_be_visible()

    def test_another_device_does_not_let_in(self) -> None:
        page, device = self.window()
        self.add(page, self.uma)
        self.log_out(page)
        device.remove()
        Device(page)
        self.give_password(page, self.uma)
        page.get_by_role("button", name=USE).click()
        expect(page.get_by_text("It was cancelled, or took too long")).to_be_visible()
        expect(page.get_by_role("button", name=USE)).to_be_enabled()

    @long_run_only
    def test_a_finger_that_is_not_the_persons_is_no_log_in_without_password(self) -> None:
        page, device = self.window()
        self.add(page, self.uma)
        self.log_out(page)
        sent = {"authenticatorId": device.number, "isUserVerified": False}
        device.session.send("WebAuthn.setUserVerified", sent)
        page.goto(f"{self.local}{LOGIN}")
        page.get_by_role("button", name=ALONE).click()
        expect(page.get_by_text("It was cancelled, or took too long")).to_be_visible()

    def test_a_copy_a_removed_one_and_another_persons(self) -> None:
        page, device = self.window()
        self.add(page, self.uma)
        copied = device.keys()
        self.log_out(page)
        self.give_password(page, self.uma)
        page.get_by_role("button", name=USE).click()
        page.wait_for_url(f"{self.local}/app/")
        self.log_out(page)
        device.put(copied)
        self.give_password(page, self.uma)
        page.get_by_role("button", name=USE).click()
        expect(page.get_by_text("may have been copied")).to_be_visible()
        # Removed here, and kept by the device.
        Passkey.objects.all().delete()
        page.goto(f"{self.local}{LOGIN}")
        page.get_by_role("button", name=ALONE).click()
        expect(page.get_by_text("does not belong to your account")).to_be_visible()
        # Another person's key logs that person in, and nobody else.
        device.put([])
        self.log_out(page)
        self.add(page, self.charlie)
        self.log_out(page)
        page.goto(f"{self.local}{LOGIN}")
        page.get_by_role("button", name=ALONE).click()
        page.wait_for_url(f"{self.local}/app/")
        expect(page.get_by_text("Globex").first).to_be_visible()

    @long_run_only
    def test_at_the_address_of_the_machine_it_is_said_where_they_work(self) -> None:
        page = self.open_window(self.uma)
        page.goto(OWN)
        link = page.get_by_role("link", name="to add one")
        self.assertEqual(link.get_attribute("href"), f"{self.local}{OWN}")
        self.check(page)

    @long_run_only
    def test_a_browser_without_them_says_so(self) -> None:
        page, _device = self.window()
        page.add_init_script("delete window.PublicKeyCredential;")
        self.give_password(page, self.uma)
        page.wait_for_url(f"{self.local}/app/")
        page.goto(f"{self.local}{OWN}")
        expect(page.get_by_text("This browser knows no passkeys")).to_be_visible()
        expect(page.get_by_role("button", name="Add a passkey")).to_be_disabled()
        self.log_out(page)
        page.goto(f"{self.local}{LOGIN}")
        expect(page.get_by_role("button", name=ALONE)).to_be_hidden()
