"""What axe-core finds on a page that is open: by its rules for WCAG 2.2 AA, and good practice."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page, ViewportSize

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
