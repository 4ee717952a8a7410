"""What Unfold says is said in German, too, in the parts of it that we use."""

from __future__ import annotations

from pathlib import Path

import unfold
from django.test import SimpleTestCase
from django.utils import translation

from project.translating.extraction import texts_in

ROOT = Path(unfold.__file__).parent
# Parts that no page uses, and texts of pages that ours stand in the place of.
UNUSED = ("contrib", "mixins/dataset_model_admin.py", "mixins/nested_inlines_model_admin.py")
USED = ("contrib/filters", "contrib/import_export")
OURS_INSTEAD = (
    "After you've created a user",
    "Raw passwords are not stored",
    "Forgotten your password or username?",
    "You have been successfully logged out",
    "Select currency",
    "Field <strong",  # of programmers
    "\n",  # of the search results and of exports that ours stand in the place of
)
SAME_IN_BOTH = {"System"}


class UnfoldTextTests(SimpleTestCase):
    def test_each_is_translated(self) -> None:
        missing = []
        for path in sorted(ROOT.rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if path.suffix not in (".py", ".html"):
                continue
            if place.startswith(UNUSED) and not place.startswith(USED):
                continue
            with translation.override("de"):
                for found in texts_in(path.read_text(encoding="utf-8"), place):
                    text = found.texts[0]
                    is_left = text.startswith(OURS_INSTEAD) or text in SAME_IN_BOTH
                    if not is_left and translation.gettext(text) == text:
                        missing.append(f"{place}: {text}")
        self.assertEqual(missing, [])
