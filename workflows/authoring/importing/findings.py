"""What checking a file found, in a form that pages show and that can be kept as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from tenants.companies.language_and_zone import company_zone
from workflows.authoring.importing.import_bundle import BundlePreview, preview_bundle
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.bundles import Change, ChangeKind, Problem, errors_of
from workflows.bundles.checks.check import MAX_PROBLEMS
from workflows.bundles.telling.describe_changes import DescribedChange, describe_changes
from workflows.bundles.telling.entries import showable
from workflows.engine.problems import place as path_text
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.models import WorkflowDefinition
from workflows.workbooks import Reading, read_document

# As many as a check finds before it stops. Pages show the first and fold the rest.
MOST_PROBLEMS = MAX_PROBLEMS
# A page with more would not be read; the rest is counted.
MOST_CHANGES = 300


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """A problem and where it stands. `at` says the cell or line of the file in words.

    `row` counts from 1 (without a sheet it is a line); 0 where there is none.
    """

    is_error: bool
    where: str
    place: str
    message: str
    found: str
    expected: str
    nearest: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    heading: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class FoundDraft:
    """A draft that the file may replace. `saved_at` as ISO 8601; `saved_by` may be empty."""

    pk: int
    version: int
    saved_at: str
    saved_by: str

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.saved_at)

    @property
    def seen(self) -> SeenDraft:
        return SeenDraft(self.pk, self.when)

    @classmethod
    def of(cls, draft: WorkflowDefinition) -> FoundDraft:
        by = draft.changed_by or draft.created_by
        saved_by = showable(str(by)) if by else ""
        return cls(draft.pk, draft.version, draft.updated_at.isoformat(), saved_by)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a page shows of a checked file; `error_count` and the like count what is left out.

    `current` names the version that it was compared with; empty: the workflow is new. `draft` may
    be replaced by the file; `is_replacing`: somebody has decided so.
    """

    problems: list[FoundProblem] = field(default_factory=list)
    problem_count: int = 0
    error_count: int = 0
    changes: list[DescribedChange] = field(default_factory=list)
    change_count: int = 0
    new_company_roles: list[str] = field(default_factory=list)
    current: str = ""
    version: int = 0
    is_unchanged: bool = False
    case_count: int = 0
    failed_cases: int = 0
    draft: FoundDraft | None = None
    is_replacing: bool = False

    @property
    def can_be_applied(self) -> bool:
        return not self.error_count

    @property
    def is_cut_short(self) -> bool:
        """Whether the check stopped before it had found everything."""
        return self.problem_count >= MOST_PROBLEMS

    @property
    def hidden_change_count(self) -> int:
        return self.change_count - len(self.changes)

    def as_json(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: JsonObject) -> Findings:
        """The reverse of `as_json`; of an empty object, findings of nothing."""
        values = {**stored}
        draft = values.pop("draft", None)
        problems, changes = values.pop("problems", []), values.pop("changes", [])
        return cls(
            problems=[FoundProblem(**each) for each in objects_in(problems)],  # type: ignore[arg-type]
            changes=[DescribedChange(**each) for each in objects_in(changes)],  # type: ignore[arg-type]
            draft=FoundDraft(**draft) if isinstance(draft, dict) else None,  # type: ignore[arg-type]
            **values,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was read and checked. `problems` are those of the file and of the document."""

    reading: Reading
    preview: BundlePreview
    problems: list[Problem]

    @property
    def document(self) -> Json:
        return self.reading.document

    def findings(self) -> Findings:
        return findings_of(self.problems, reading=self.reading, preview=self.preview)


def check_file(*, content: bytes, filename: str) -> CheckedFile:
    """Read and check a file of any format, and say what importing it would do.

    Raises:
        UnreadableBundleError: it cannot be read at all.
    """
    return check_reading(read_document(content, filename, zone=company_zone()))


def check_reading(reading: Reading) -> CheckedFile:
    """The same for a file that was read already."""
    preview = preview_bundle(document=reading.document)
    return CheckedFile(reading, preview, reading.check(preview.problems))


def findings_of(
    problems: Sequence[Problem],
    *,
    reading: Reading | None = None,
    preview: BundlePreview | None = None,
) -> Findings:
    shown = sorted(problems, key=lambda each: not each.is_error)[:MOST_PROBLEMS]
    found = [problem_for_report(each, reading) for each in shown]
    errors = len(errors_of(problems))
    if preview is None or errors:
        return Findings(found, len(problems), errors)
    return Findings(
        problems=found,
        problem_count=len(problems),
        changes=_changes_for_report(preview),
        change_count=len(preview.changes),
        new_company_roles=[showable(each) for each in preview.new_company_roles],
        current=str(preview.current) if preview.current is not None else "",
        version=preview.version,
        is_unchanged=preview.is_unchanged,
        case_count=len(preview.cases),
        failed_cases=sum(not each.has_passed for each in preview.cases),
        draft=FoundDraft.of(preview.draft) if preview.draft is not None else None,
    )


def _changes_for_report(preview: BundlePreview) -> list[DescribedChange]:
    """With both values; of what was added or removed as a whole, its name says enough."""
    shown = preview.changes[:MOST_CHANGES]
    described = describe_changes(shown, old=preview.old, new=preview.new)
    return [
        replace(words, old="", new="") if _is_whole(change) else words
        for change, words in zip(shown, described, strict=True)
    ]


def _is_whole(change: Change) -> bool:
    if change.kind is ChangeKind.CHANGED or not change.path:
        return False
    last = change.path[-1]
    has_words = isinstance(last, int) or last in ("condition", "visible_when")
    return not has_words and any(isinstance(each, dict | list) for each in (change.old, change.new))


def problem_for_report(problem: Problem, reading: Reading | None = None) -> FoundProblem:
    place = reading.place_of(problem.path) if reading is not None else None
    in_file = reading.path_in_file(problem.path) if reading is not None else None
    return FoundProblem(
        is_error=problem.is_error,
        where=showable(problem.where),
        place=showable(path_text(in_file or problem.path)),
        message=showable(problem.message),
        found=showable(problem.found_text),
        expected=showable(problem.expected),
        nearest=showable(problem.nearest),
        sheet=showable(place.sheet) if place else "",
        row=place.row if place else 0,
        column=place.column if place else "",
        heading=showable(place.heading) if place else "",
        at=showable(str(place)) if place else "",
    )
