"""The problems of a bundle as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tickets.admin.json_lines import line_of
from workflows.bundles.problems import Problem

# A page with more would not be read; the rest is counted.
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """`line` is the line of the document, counted from 1; None where it is not known."""

    is_error: bool
    where: str
    place: str
    message: str
    found: str
    expected: str
    nearest: str
    line: int | None = None


def problem_rows(problems: Iterable[Problem], text: str = "") -> list[ProblemRow]:
    """Errors first. `text` is the document as it was written, to find the lines in."""
    ordered = sorted(problems, key=lambda each: not each.is_error)[:MOST_SHOWN]
    return [
        ProblemRow(
            is_error=each.is_error,
            where=showable(each.where),
            place=showable(each.place),
            message=showable(each.message),
            found=showable(each.found_text),
            expected=showable(each.expected),
            nearest=showable(each.nearest),
            line=line_of(text, each.path) if text else None,
        )
        for each in ordered
    ]


def showable(text: str) -> str:
    r"""The text without what no page can carry: half characters such as \ud800 of a JSON file."""
    return text.encode("utf-8", "replace").decode()
