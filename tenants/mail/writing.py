"""The words of a mail: a template for its text, and one for its HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from tenants.mail.set_up import BRAND, absolute


@dataclass(frozen=True, slots=True)
class Written:
    """Both forms of a mail, for `queue_mail`."""

    text: str
    html: str


def write(template: str, *, company: str = "", path: str = "", **context: Any) -> Written:
    """Render `TEMPLATE.txt` and `TEMPLATE.html`, in the active language.

    They extend `mail/base.txt` and `mail/base.html`, which say who writes and why. `company` is the
    name of the company that the mail is about; `path` that of the page to which it leads: templates
    have it as the absolute address `link`.
    """
    values: Mapping[str, Any] = {
        "brand": BRAND,
        "company": company,
        "link": absolute(path) if path else "",
        "site": absolute("/"),
        **context,
    }
    text = render_to_string(f"{template}.txt", values)
    return Written(_tidied(text), render_to_string(f"{template}.html", values))


def _tidied(text: str) -> str:
    """Without the empty lines that tags leave: one at most, and none at the ends."""
    lines: list[str] = []
    for line in (each.rstrip() for each in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
