"""Answers that come late, so that what happens in between is certain and no matter of luck.

A page that has `LATE` asks `window.late` when an answer has come, before the page's script sees it:
a function under the end of the address, which gets how many came before.
"""

from __future__ import annotations

from typing import Final

from django.templatetags.static import static
from playwright.sync_api import Page

# What every page has before its own scripts.
EVERYWHERE: Final = ("pages/asking.js", "pages/sending.js")

LATE: Final = """
window.late = {};
window.answered = {};
const ask = window.fetch;
window.fetch = async (address, options) => {
  const answer = await ask(address, options);
  const path = new URL(String(address), location.href).pathname;
  const name = Object.keys(window.late).find((each) => path.endsWith(each));
  if (name) {
    window.answered[name] = (window.answered[name] ?? 0) + 1;
    await window.late[name](window.answered[name] - 1);
  }
  return answer;
};
// What was answered is held back until `release` is called; only the first time.
window.hold = (name, then = () => {}) => {
  window.late[name] = async (before) => {
    if (before) return;
    await new Promise((resolve) => { window.release = resolve; });
    then();
  };
};
// All of them are held back until then.
window.holdAll = (name) => {
  let go;
  const released = new Promise((resolve) => { go = resolve; });
  window.late[name] = () => {
    window.release = go;
    return released;
  };
};
window.type = (element, text) => {
  element.value = text;
  element.dispatchEvent(new Event("input", { bubbles: true }));
};
"""
HELD: Final = "() => Boolean(window.release)"
# The page has done what follows of an answer.
SETTLED: Final = "() => new Promise((done) => setTimeout(done, 200))"


def make_up(page: Page, script: str, body: str) -> None:
    """Have `/made-up/` be a page of nothing but one script, and what it looks after."""
    scripts = "".join(f'<script src="{static(each)}"></script>' for each in (*EVERYWHERE, script))
    page.route(
        "**/made-up/",
        lambda route: route.fulfill(content_type="text/html", body=scripts + body),
    )
