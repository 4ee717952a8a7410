"""A real browser in front of a web server of its own, which works on the test's database."""

from __future__ import annotations

import os
import sys
import unittest
from typing import Any, ClassVar
from unittest import mock

from django.conf import settings
from django.test import Client, tag
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

from project.tests.chromium import NOT_FOUND, arguments, find_chromium
from project.tests.web_server import WebServerTestCase
from tenants.models import User
from tenants.testing import outside
from tenants.testing_tools.endings import end_after_class

WIDE: ViewportSize = {"width": 1440, "height": 900}  # the sidebar needs more than 1280
PHONE: ViewportSize = {"width": 390, "height": 844}
MILLISECONDS = 90_000  # for which a page is waited for: a busy machine takes its time
expect.set_options(timeout=MILLISECONDS)
# How far the widest thing of a page sticks out of the window, and what it is.
OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) { return ""; }
    let widest = document.body;
    document.querySelectorAll("body *").forEach((each) => {
        if (each.getBoundingClientRect().right > widest.getBoundingClientRect().right) {
            widest = each;
        }
    });
    return `${document.documentElement.scrollWidth} > ${width}: ${widest.outerHTML.slice(0, 200)}`;
}"""
# A chart is drawn anew in the frames after its window has got another size.
DRAWN = """() => new Promise((done) => {
    let frames = 4;
    const next = () => (frames-- > 0 ? requestAnimationFrame(next) : done());
    next();
})"""


class _Shared:
    """The browser of those test classes that follow each other; each test has windows of its own.

    To start one takes as long as a short test. While it runs, so does Playwright's event loop in
    this thread: Django then refuses to use the database, and other tests cannot begin a loop.
    """

    playwright: ClassVar[Playwright | None] = None
    browser: ClassVar[Browser | None] = None
    unsafe: ClassVar[Any] = None
    # By the address of the server: profiles that no test uses now. What a profile has loaded it
    # keeps, and the next pages come several times as cheap.
    profiles: ClassVar[dict[str, list[BrowserContext]]] = {}

    @classmethod
    def get(cls) -> Browser:
        if cls.browser is not None and cls.browser.is_connected():
            return cls.browser
        cls.stop()
        cls.unsafe = mock.patch.dict(os.environ, {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"})
        cls.unsafe.start()
        cls.playwright = sync_playwright().start()
        program = find_chromium(cls.playwright.chromium.executable_path)
        if not program:
            cls.stop()
            raise unittest.SkipTest(NOT_FOUND)
        cls.browser = cls.playwright.chromium.launch(executable_path=program, args=arguments())
        return cls.browser

    @classmethod
    def profile(cls, browser: Browser, address: str) -> BrowserContext:
        """One that nobody uses, without cookies."""
        free = cls.profiles.setdefault(address, [])
        if free:
            return free.pop()
        return browser.new_context(base_url=address, viewport=WIDE, locale="en-GB")

    @classmethod
    def give_back(cls, profile: BrowserContext, address: str) -> None:
        """Forget all of it but the files of its pages."""
        for page in profile.pages:
            page.close()
        profile.clear_cookies()
        profile.clear_permissions()
        profile.set_offline(False)
        profile.unroute_all()
        cls.profiles.setdefault(address, []).append(profile)

    @classmethod
    def stop(cls) -> None:
        cls.profiles.clear()
        if cls.browser is not None:
            cls.browser.close()
        if cls.playwright is not None:
            cls.playwright.stop()
        if cls.unsafe is not None:
            cls.unsafe.stop()
        cls.browser = cls.playwright = cls.unsafe = None


@tag("browsers")
class BrowserTestCase(WebServerTestCase):
    """Skipped, with a word on the terminal, where there is no Chromium.

    They are run by `dev.py test --browsers`, and by name; see project/development/runner.py.

    Whatever page a test opens: an error in its console (the browser also reports there what the
    content security policy forbids, and what cannot be loaded) fails the test.
    """

    SECONDS_EACH = 4.0
    GOES_FIRST = True
    SHARES_SERVER = True
    browser: ClassVar[Browser]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        end_after_class(cls, BrowserTestCase, _Shared.stop)
        try:
            cls.browser = _Shared.get()
        except unittest.SkipTest:
            sys.stderr.write(f"{cls.__name__} is skipped. {NOT_FOUND}\n")
            raise

    def setUp(self) -> None:
        super().setUp()
        self.errors: list[str] = []

    def open_window(self, user: User | None = None) -> Page:
        """An empty window, of a profile with nothing in it; with a user, that person is logged in.

        It may have been another test's: see `_Shared.give_back`.
        """
        context = _Shared.profile(self.browser, self.address)
        self.addCleanup(_Shared.give_back, context, self.address)
        if user is not None:
            self._log_in(context, user)
        page = context.new_page()
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", self._storage())
        page.set_default_timeout(MILLISECONDS)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        return page

    def _storage(self) -> dict[str, str]:
        """What another test's pages have kept, but for what only a closed page had."""
        return {"origin": self.address, "storageTypes": "local_storage,indexeddb,service_workers"}

    def _log_in(self, context: BrowserContext, user: User) -> None:
        client = Client()
        with outside():
            client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": self.address}]
        )

    def follow_link(self, link: Locator) -> None:
        """Click what leads to another page, and wait until that is there."""
        with link.page.expect_navigation():
            link.click()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def check(self, page: Page) -> None:
        """Nothing is wrong with this page in the console, nor on a phone."""
        self.assertEqual(self.errors[:5], [], page.url)
        page.set_viewport_size(PHONE)
        page.evaluate(DRAWN)
        try:
            self.assertEqual(page.evaluate(OVERFLOW), "", f"{page.url} is too wide for a phone.")
        finally:
            page.set_viewport_size(WIDE)
