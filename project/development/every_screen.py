"""`dev.py screenshots`: a picture of each main page, light, dark and on a phone, with demo data.

Somebody looks at all of them before a release. What the demo company lacks for it is added first
(demo_for_screens.py), in data of its own.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from project.development.processes import ignore_signals
from project.development.servers import Servers
from project.development.smoke.run import data_in, free_port, set_django_up
from project.tests.chromium import NOT_FOUND, arguments, find_chromium

PASSWORD = "ticketflower-demo"  # noqa: S105 - everybody's, in the demo
SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1440, "height": 900},
    "phone": {"width": 360, "height": 740},
}
# How each page is seen: its name, the size, whether it is dark.
LOOKS = (("light", "wide", False), ("dark", "wide", True), ("phone", "phone", False))
FIRST_ROW = "#result_list tbody th a, #result_list tbody td a, .tk-card"
# The sidebar, and the menu under one's own name.
IN_MENUS = "#nav-sidebar a[href^='/app/']"
HIGHEST = 6000  # pixels of a picture
PEOPLE = (
    "uma.user",
    "wendy.worker",
    "tina.team",
    "terry.tickets",
    "carla.creator",
    "admin",
    "root",
)
# Beyond the sidebar, the account's menu and the first row of each list.
MORE: dict[str, tuple[str, ...]] = {
    "uma.user": (
        "/app/tickets/myticket/?q=scanner",
        "/app/tickets/myticket/?q=nothing-is-called-so",
        "/app/tickets/myticket/?archive=1",
        "/app/notices/",
        "{layout}",
    ),
    "wendy.worker": (
        "/app/notices/",
        "{complete_many}",
        "/app/tickets/mytask/standing-in/",
        "/app/tickets/mytask/absence/",
    ),
    "terry.tickets": (
        "/app/tickets/ticket/?q=scanner",
        "/app/tickets/ticket/ratings/",
        "{linked}",
        "{file}",
        "{compare_files}",
        "{bulk_change}",
        "/app/tickets/cannedreply/add/",
    ),
    "carla.creator": (
        *("{flow}", "{try}", "{tests}", "{compare}", "{edit}", "{with_layouts}"),
        "/app/workflows/workflowdefinition/new/",
        "/app/workflows/workflowdefinition/gallery/",
        "/app/workflows/workflowdefinition/import/",
    ),
    "admin": (
        "/app/mail/receivedmail/",
        "/app/tenants/user/invite/",
        "/app/tenants/user/add/",
        "/app/tenants/user/import/",
        "/app/tenants/user/?came=never",
    ),
    "root": ("/app/tenants/company/invitations/", "/app/tenants/company/restore/"),
}


class Camera:
    """Takes each page in every look, into a folder for each person."""

    def __init__(self, browser: Browser, address: str, folder: Path, language: str) -> None:
        self.browser, self.address, self.folder = browser, address, folder
        self.language = language

    def take_all(self, people: Sequence[str], more: Mapping[str, str]) -> None:
        self.of_visitors([more["rate"]])
        for name in people:
            self.of_person(name, more)

    def of_visitors(self, addresses: Sequence[str]) -> None:
        context = self.browser.new_context(base_url=self.address, locale=self.language)
        page = context.new_page()
        for address in ("/", "/sign-up/", "/app/login/", "/forgotten-password/", *addresses):
            page.goto(address)
            self.take(page, "visitor")
        context.close()

    def of_person(self, name: str, more: Mapping[str, str]) -> None:
        context = self.browser.new_context(
            base_url=self.address, viewport=SIZES["wide"], locale=self.language
        )
        page = context.new_page()
        self.log_in(page, name)
        sidebar = [str(a.get_attribute("href")) for a in page.locator(IN_MENUS).all()]
        ahead = [*dict.fromkeys(sidebar), *(each.format(**more) for each in MORE.get(name, ()))]
        for address in ahead:
            page.goto(address)
            self.take(page, name)
            first = page.locator(FIRST_ROW)
            if first.count() and (row := str(first.first.get_attribute("href"))) not in ahead:
                page.goto(row)
                self.take(page, name)
        if name == "terry.tickets":
            self.ask_about_many(page)
        context.close()

    def ask_about_many(self, page: Page) -> None:
        """The question that comes before many tickets are changed."""
        page.goto("/app/tickets/ticket/")
        for box in page.locator("input.action-select").all()[:3]:
            box.check()
        page.locator("select[name=action]").select_option(index=1)
        with page.expect_navigation():
            page.locator("button[name=index]").first.click()
        self.take(page, "terry.tickets", called="bulk")

    def log_in(self, page: Page, name: str) -> None:
        page.goto("/app/")
        page.locator("input[name=username]").fill(f"{name}@demo.example")
        page.locator("input[name=password]").fill(PASSWORD)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    def take(self, page: Page, person: str, *, called: str = "") -> None:
        where = page.url.removeprefix(self.address).strip("/").lower()
        where = re.sub(r"[0-9a-f-]{30,}", "id", where)
        name = called or re.sub(r"[^a-z0-9]+", "-", where)[:60] or "start"
        for look, size, is_dark in LOOKS:
            page.set_viewport_size(SIZES[size])
            page.emulate_media(color_scheme="dark" if is_dark else "light")
            page.wait_for_load_state("networkidle")
            page.evaluate("document.fonts.ready")
            # A window as high as the page: what sticks to its end then stands at the end.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({**SIZES[size], "height": min(int(height), HIGHEST)})
            page.screenshot(path=self.folder / person / f"{name}.{look}.png")
        page.set_viewport_size(SIZES["wide"])
        page.emulate_media(color_scheme="light")
        print(f"{person}: {name}", flush=True)


def main(folder: Path, *, language: str = "en-GB", people: Sequence[str] = PEOPLE) -> int:
    """Start the demo on data of its own, take all pictures into a folder, and end it."""
    data = Path(tempfile.mkdtemp(prefix="ticketflower-screens-"))
    with data_in(data):
        servers = Servers(port=free_port(), show_output=False)
        try:
            servers.claim()
            servers.prepare()
            set_django_up()
            from project.development.demo_for_screens import add_to_demo  # noqa: PLC0415 - as above

            more = add_to_demo()
            servers.start()
            with sync_playwright() as playwright:
                program = find_chromium(playwright.chromium.executable_path)
                if not program:
                    print(NOT_FOUND, file=sys.stderr)
                    return 1
                browser = playwright.chromium.launch(executable_path=program, args=arguments())
                Camera(browser, servers.address, folder, language).take_all(people, more)
                browser.close()
        finally:
            ignore_signals()
            servers.end()
            shutil.rmtree(data, ignore_errors=True)
    print(f"The pictures are in {folder}.")
    return 0
