"""Where the browser of the tests and of project/development/make_screenshots.py is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NOT_FOUND = "No Chromium was found: install it, or name it in PLAYWRIGHT_CHROMIUM."


def find_chromium(shipped: str = "") -> str:
    """The program, or nothing: PLAYWRIGHT_CHROMIUM names it, or it is installed, or `shipped`
    (the one that `playwright install chromium` fetches) is there."""
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    if named:
        return named
    found = (shutil.which(name) for name in PROGRAMS)
    return next(filter(None, found), shipped if Path(shipped).is_file() else "")


def arguments() -> list[str]:
    """As root, in a container, Chromium cannot make its sandbox."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--no-sandbox"] if is_root else []
