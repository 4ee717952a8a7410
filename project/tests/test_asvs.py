"""The table of the ASVS in docs/security.md leaves nothing out, and names what is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from unittest import TestCase

from project.environment import BASE_DIR

# How many requirements of levels 1 and 2 each section of version 5.0 has, where the numbers run on.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
ALL = [f"{section}.{n}" for section, count in SECTIONS.items() for n in range(1, count + 1)]
STATES = {"met", "not met", "not applicable", "whoever runs it"}
ROW = re.compile(r"^\| (\d[^|]*) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEXT = (BASE_DIR / "docs" / "security.md").read_text(encoding="utf-8").partition("## ASVS")[2]


def named(text: str) -> Iterator[str]:
    """The requirements that the first cell of a row names: `1.2.1, 1.2.4 to 1.2.6`."""
    for part in text.split(", "):
        first, _to, last = part.partition(" to ")
        yield from ALL[ALL.index(first) : ALL.index(last or first) + 1]


class TableTests(TestCase):
    rows = ROW.findall(TEXT)

    def test_every_requirement_stands_there_once(self) -> None:
        counted = Counter(each for row in self.rows for each in named(row[0]))
        self.assertEqual({each for each in ALL if counted[each] != 1}, set())

    def test_each_has_a_state(self) -> None:
        self.assertEqual({state for _named, state, _why in self.rows} - STATES, set())

    def test_what_shows_it_is_there(self) -> None:
        for _named, _state, why in self.rows:
            for path in re.findall(r"`([a-z_./]+\.(?:py|txt|md))`", why):
                self.assertTrue((BASE_DIR / path).is_file(), path)
