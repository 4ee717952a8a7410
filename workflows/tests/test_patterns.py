"""The table of workflow patterns counts what it says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (Yes|In part|Detour|No) \| [^|]+ \|$", re.MULTILINE)


class PatternTests(SimpleTestCase):
    def test_each_of_the_43_is_said_once_and_counted(self) -> None:
        text = (Path(settings.BASE_DIR) / "docs" / "patterns.md").read_text(encoding="utf-8")
        rows = ROW.findall(text)
        self.assertEqual(sorted(int(number) for number, _said in rows), [*range(1, 44)])
        said = Counter(answer for _number, answer in rows)
        counted = (
            f"Said directly: {said['Yes']}. In part or by a detour: "
            f"{said['In part'] + said['Detour']}. Left out: {said['No']}."
        )
        self.assertIn(counted, text)
