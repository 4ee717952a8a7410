"""What axe-core finds on a page that is open: by its rules for WCAG 2.2 AA, and good practice."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page, ViewportSize

from project.tests.browser import WIDE

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
NARROW: ViewportSize = {"width": 360, "height": 740}
RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then((found) =>
    found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.html.replace(/\\s+/g, " ").slice(0, 200)} (`
        + [...node.any, ...node.all].map((each) => each.message).join("; ").slice(0, 99) + ")")))"""


def problems(page: Page) -> list[str]:
    """A line for each element that breaks a rule."""
    page.evaluate("typeof axe === 'undefined'") and page.evaluate(SCRIPT)
    # What fades in has colours of its own until it is there.
    page.evaluate(
        "Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})))"
    )
    found: Any = page.evaluate(RUN)
    return [str(each) for each in found]


def problems_by_view(page: Page, *, narrow: ViewportSize = NARROW) -> dict[str, set[str]]:
    """By what is wrong: in which views, of wide and narrow, light and dark. Ends wide and light."""
    found: dict[str, set[str]] = defaultdict(set)
    for size, width in ((WIDE, "wide"), (narrow, "narrow")):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for each in problems(page):
                found[each].add(f"{scheme}, {width}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    return dict(found)
