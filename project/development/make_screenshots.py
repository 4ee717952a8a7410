"""Takes the pictures of README.md anew: `python -m project.development.make_screenshots`.

It starts servers with the demo company on a port and a data folder of their own, and needs what
the browser tests need: the virtual environment of `dev.py test`, and Chromium.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from project.development.servers import Servers
from project.development.smoke.run import data_in, free_port
from project.environment import BASE_DIR
from project.tests.chromium import NOT_FOUND, arguments, find_chromium

IMAGES = BASE_DIR / "docs" / "images"
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PASSWORD = "ticketflower-demo"  # noqa: S105 - everybody's, in the demo


def dashboard(page: Page) -> None:
    """What one sees first."""


def submit(page: Page) -> None:
    open_sidebar_entry(page, "Submit a ticket")


def ticket(page: Page) -> None:
    """One that is under way: it was not approved, and is being clarified."""
    open_sidebar_entry(page, "My tickets")
    page.get_by_role("link", name="Train to the trade fair").click()


def task(page: Page) -> None:
    open_sidebar_entry(page, "My tasks")
    page.get_by_role("link", name="Approve the invoice").first.click()


def workflow(page: Page) -> None:
    open_sidebar_entry(page, "Workflows")
    page.get_by_role("link", name="Invoice receipt").first.click()


def import_preview(page: Page) -> None:
    """The invoice process with two changes, as somebody would make them in the text."""
    open_sidebar_entry(page, "Workflows")
    page.get_by_role("link", name="Import").first.click()
    page.get_by_role("link", name="Invoice receipt").first.click()
    text = page.get_by_label("The bundle as text")
    bundle = text.input_value().replace('"label": "Creditor"', '"label": "Who is to be paid?"')
    text.fill(bundle.replace('"more_than": 0', '"more_than": 0, "max": 50000'))
    page.get_by_role("button", name="Check").click()
    page.get_by_role("status").wait_for()


def open_sidebar_entry(page: Page, title: str) -> None:
    """An entry of the sidebar."""
    named = re.compile(rf"^\W*{re.escape(title)}\W*\d*$")  # some have a number beside them
    page.locator("#nav-sidebar").get_by_role("link", name=named).click()


# The name of the picture, who takes it, what is opened, and how it is seen.
PICTURES: tuple[tuple[str, str, Callable[[Page], None], ViewportSize, bool], ...] = (
    ("dashboard", "uma.user", dashboard, WIDE, False),
    ("submit", "uma.user", submit, WIDE, False),
    ("ticket", "uma.user", ticket, WIDE, False),
    ("ticket-dark", "uma.user", ticket, WIDE, True),
    ("ticket-phone", "uma.user", ticket, PHONE, False),
    ("task", "mona.manager", task, WIDE, False),
    ("workflow", "carla.creator", workflow, WIDE, False),
    ("import", "carla.creator", import_preview, WIDE, False),
)


def take_all(address: str) -> None:
    """Each picture in a window of its own."""
    with sync_playwright() as playwright:
        program = find_chromium(playwright.chromium.executable_path)
        if not program:
            raise SystemExit(NOT_FOUND)
        browser = playwright.chromium.launch(executable_path=program, args=arguments())
        for name, person, open_page, size, is_dark in PICTURES:
            path = IMAGES / f"{name}.png"
            take(browser, address, person, open_page, size, is_dark=is_dark, path=path)
            print(f"{path.relative_to(BASE_DIR)}  {path.stat().st_size // 1000} kB")
        browser.close()


def take(
    browser: Browser,
    address: str,
    person: str,
    open_page: Callable[[Page], None],
    size: ViewportSize,
    *,
    is_dark: bool,
    path: Path,
) -> None:
    """Log in, open the page, and then give the window its size: a phone hides the sidebar."""
    context = browser.new_context(
        base_url=address,
        viewport=WIDE,
        locale="en-GB",
        color_scheme="dark" if is_dark else "light",
    )
    page = context.new_page()
    page.goto("/app/")
    page.locator("input[name=username]").fill(f"{person}@demo.example")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^[^?]*/app/$"))
    open_page(page)
    page.wait_for_load_state("networkidle")
    if size != WIDE:
        page.set_viewport_size(size)
        page.reload()
        page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path)
    context.close()


def main() -> None:
    """Start the demo, take the pictures, and leave nothing else behind."""
    folder = Path(tempfile.mkdtemp(prefix="ticketflower-pictures-"))
    IMAGES.mkdir(exist_ok=True)
    with data_in(folder):
        servers = Servers(port=free_port(), show_output=False)
        try:
            servers.claim()
            servers.prepare()
            servers.start()
            take_all(servers.address)
        finally:
            servers.end()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
