"""What reading a file gives: the document, what was wrong with the file, and where things stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.errors import InvalidBundleError
from workflows.bundles.document.problems import Problem, errors_of, path_in_words
from workflows.engine.problems import Path
from workflows.engine.process import Json

# The first step of paths that lead to a place of the file that is no place of the document.
SHEETS = "sheets"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file.

    In a workbook: `sheet`, `row` (from 1), the letters of the `column`, and its `heading`; a
    whole row has no column, a whole sheet no row. In a text file: only `row`, its line.
    """

    sheet: str = ""
    row: int = 0
    column: str = ""
    heading: str = ""

    def __str__(self) -> str:
        words = {
            "sheet": self.sheet,
            "row": self.row,
            "cell": f"{self.column}{self.row}",
            "heading": self.heading,
        }
        if not self.sheet:
            return _("line %(row)d") % words
        if not self.row:
            return _("sheet %(sheet)s") % words
        if not self.column:
            return _("sheet %(sheet)s, row %(row)d") % words
        if not self.heading:
            return _("sheet %(sheet)s, cell %(cell)s") % words
        return _("sheet %(sheet)s, cell %(cell)s (%(heading)s)") % words


@dataclass(frozen=True)
class Reading:
    """A document that was read from a file, not yet checked: `check` does that.

    `problems` are those of the file itself, such as a cell that cannot be read or a column that
    nobody knows; `document` has something that is refused in such a cell's place. `places` maps
    paths of the document to where they stand; `place_of` finds the nearest. `origins`: of a file
    that was put into a larger document, where each part of that stands in the file's own.
    """

    document: Json
    problems: list[Problem] = field(default_factory=list)
    places: Mapping[Path, Place] = field(default_factory=dict)
    origins: Mapping[Path, Path] | None = None

    def place_of(self, path: Path) -> Place | None:
        """The place of a path, or of the smallest thing around it that has one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return None

    def path_in_file(self, path: Path) -> Path | None:
        """Where something stands in the file's own document; None where it is not in the file."""
        return path if self.origins is None else _moved(path, self.origins)

    def put_into(self, document: Json, moved: Mapping[Path, Path]) -> Reading:
        """The reading of a larger document, of which the file is a part.

        `moved` has, for each part of the file's document, its path in the larger one.
        """
        places: dict[Path, Place] = {}
        for path, place in self.places.items():
            there = path if path[:1] == (SHEETS,) else _moved(path, moved)
            if there is not None:
                places[there] = place
        problems = [
            replace(each, path=_moved(each.path, moved) or each.path) for each in self.problems
        ]
        origins = {there: here for here, there in moved.items()}
        return Reading(document, problems, places, origins)

    def check(self, further: list[Problem] | None = None) -> list[Problem]:
        """Every problem of the file and of the document, those of the file first.

        `further` replaces what `check_bundle` finds, for callers that know more (preview_bundle).
        """
        found = check_bundle(self.document) if further is None else further
        unreadable = {each.path for each in self.problems if each.is_error}
        own = [replace(each, where=self._where(each.path)) for each in self.problems]
        return own + [each for each in found if not _is_inside(each.path, unreadable)]

    def checked(self) -> Json:
        """The document, where nothing stops its import.

        Raises:
            InvalidBundleError: there are errors; it has every problem.
        """
        problems = self.check()
        if errors_of(problems):
            raise InvalidBundleError(problems)
        return self.document

    def _where(self, path: Path) -> str:
        if path[:1] == (SHEETS,):
            return str(self.place_of(path) or _("The workbook"))
        return path_in_words(self.document, path)


def _moved(path: Path, moved: Mapping[Path, Path]) -> Path | None:
    """The path with its beginning replaced; None where nothing is said of it."""
    for length in range(len(path), 0, -1):
        if path[:length] in moved:
            return (*moved[path[:length]], *path[length:])
    return None


def _is_inside(path: Path, places: set[Path]) -> bool:
    return any(path[:length] in places for length in range(1, len(path) + 1))
