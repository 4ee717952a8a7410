"""The problems of a bundle as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from workflows.authoring.importing.findings import MOST_PROBLEMS, FoundProblem, problem_for_report
from workflows.authoring.importing.pages.json_lines import line_number
from workflows.bundles.document.problems import Problem
from workflows.bundles.telling.entries import showable
from workflows.workbooks import Reading

__all__ = ["MOST_SHOWN", "ProblemRow", "SheetProblems", "by_sheet", "problem_rows", "showable"]

MOST_SHOWN = MOST_PROBLEMS


@dataclass(frozen=True, slots=True)
class ProblemRow(FoundProblem):
    """`line` is the line of the document, counted from 1; None where it is not known."""

    line: int | None = None


@dataclass(frozen=True, slots=True)
class SheetProblems:
    """The problems of one sheet, by rows; `name` is empty for those of the whole file."""

    name: str
    problems: list[FoundProblem]


def problem_rows(
    problems: Iterable[Problem], text: str = "", reading: Reading | None = None
) -> list[ProblemRow]:
    """Errors first. `text` is the document as it was written, to find the lines in.

    `reading` knows the places of what was read from a workbook or from YAML.
    """
    ordered = sorted(problems, key=lambda each: not each.is_error)[:MOST_SHOWN]
    rows = []
    for each in ordered:
        found = problem_for_report(each, reading)
        line = found.row or None if not found.sheet else None
        path = each.path if reading is None else reading.path_in_file(each.path)
        if line is None and text and not found.sheet and path is not None:
            line = line_number(text, path)
        rows.append(ProblemRow(**asdict(found), line=line))
    return rows


def by_sheet(problems: Sequence[FoundProblem]) -> list[SheetProblems]:
    """The problems of a workbook, sheet by sheet; empty where none stands in a sheet."""
    if not any(each.sheet for each in problems):
        return []
    names = dict.fromkeys(each.sheet for each in problems)
    return [
        SheetProblems(
            name,
            sorted(
                (each for each in problems if each.sheet == name),
                key=lambda each: (each.row, not each.is_error),
            ),
        )
        for name in names
    ]
