"""What reading a workbook finds on its way."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflows.bundles.checks.check import MAX_PROBLEMS
from workflows.bundles.document.problems import Problem, Severity
from workflows.engine.problems import Path
from workflows.workbooks.reading import SHEETS, Place


@dataclass
class Findings:
    """What reading has found so far: problems, and where everything stands."""

    problems: list[Problem] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)

    def cell_path(self, place: Place) -> Path:
        """A path for a place of the workbook that is no place of the document."""
        path: Path = (SHEETS, place.sheet, f"{place.column}{place.row or ''}")
        self.places[path] = place
        return path

    def report(
        self,
        path: Path,
        message: str,
        *,
        found: object = None,
        expected: str = "",
        nearest: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(path, message, found, expected, nearest, severity))
