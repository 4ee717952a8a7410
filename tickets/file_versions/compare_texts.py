"""Two versions of a text beside each other, line by line, within bounds.

What difflib needs grows with the square of the lines, and worse for lines made for that. With so
many lines the worst that we found takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import Final

from workflows.fields.file.content import HEAD, HTML, SVG, content_of

MOST_BYTES: Final = 100_000
MOST_LINES: Final = 1_000
# What is shown of a line, in characters; compared is the whole.
LONGEST_LINE: Final = 500
# So many characters that are the same stand before the first one that differs.
BEFORE: Final = 60
# So many lines that are the same stand around a change.
AROUND: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the comparison. `change` is same, changed, added, removed or gap.

    A number is empty where that version has no such line; a gap has neither.
    """

    change: str
    old: str = ""
    new: str = ""
    old_number: int | None = None
    new_number: int | None = None


def text_of(content: bytes) -> list[str] | None:
    """The lines of a small text; None: it is no text, or too long to be compared."""
    found = content_of(content[:HEAD])
    if len(content) > MOST_BYTES or found not in (None, HTML, SVG):
        return None
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if any(sign < " " and sign not in "\t\n\r\f" for sign in text):
        return None
    lines = text.splitlines()
    return lines if len(lines) <= MOST_LINES else None


def compare_lines(old: list[str], new: list[str]) -> list[Line]:
    """What differs, with some lines around it; empty: nothing does."""
    matcher = SequenceMatcher(None, old, new)
    if all(each[0] == "equal" for each in matcher.get_opcodes()):
        return []
    found: list[Line] = []
    end = 0
    for group in matcher.get_grouped_opcodes(AROUND):
        if group[0][1] > end:
            found.append(Line("gap"))
        end = group[-1][2]
        for tag, i1, i2, j1, j2 in group:
            found += _lines(tag, old, new, range(i1, i2), range(j1, j2))
    if end < len(old):
        found.append(Line("gap"))
    return found


def _lines(tag: str, old: list[str], new: list[str], i: range, j: range) -> Iterator[Line]:
    for offset in range(max(len(i), len(j))):
        left = i[offset] if offset < len(i) else None
        right = j[offset] if offset < len(j) else None
        change = "same" if tag == "equal" else "changed"
        if left is None:
            change = "added"
        elif right is None:
            change = "removed"
        shown = _cut("" if left is None else old[left], "" if right is None else new[right])
        yield Line(
            change,
            *shown,
            None if left is None else left + 1,
            None if right is None else right + 1,
        )


def _cut(old: str, new: str) -> tuple[str, str]:
    """What is shown of long lines: from shortly before the place where they differ."""
    start = 0
    if old and new and old != new and max(len(old), len(new)) > LONGEST_LINE:
        start = max(0, len(commonprefix((old, new))) - BEFORE)  # noqa: RUF071 -- of characters
    return _part(old, start), _part(new, start)


def _part(line: str, start: int) -> str:
    end = start + LONGEST_LINE
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")
