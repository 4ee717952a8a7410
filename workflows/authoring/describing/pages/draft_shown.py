"""What a model has drafted, as its page reads it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tenants.refusals import refusals
from workflows.authoring.definitions.pages.field_rows import field_table
from workflows.authoring.describing.read_answer import reading_of
from workflows.authoring.gallery.pages.process_rows import case_row, role_rows, task_row
from workflows.authoring.gallery.processes import GalleryProcess
from workflows.authoring.importing.findings import CheckedFile, Findings, FoundDraft, check_reading
from workflows.authoring.importing.pages.problem_rows import problem_rows
from workflows.bundles import canonical, write_bundle
from workflows.bundles.telling.assignments import assignments_in_words
from workflows.bundles.telling.describe_changes import field_labels
from workflows.bundles.telling.edits import all_edits_in_words
from workflows.bundles.telling.task_notes import task_notes
from workflows.errors import UnreadableBundleError
from workflows.models import DescribedProcess
from workflows.picture.graph import draw_process


@dataclass(frozen=True, slots=True)
class DraftShown:
    """`text` is the document to be mended by hand; `parts` are for `gallery/_process.html`, and
    empty where the document has errors."""

    text: str
    findings: Findings
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def draft(self) -> FoundDraft | None:
        """One of the same workflow, which this may replace."""
        return self.findings.draft


def draft_shown(described: DescribedProcess) -> DraftShown | None:
    """Checked at this moment, in the language of whoever looks; None: there is no document."""
    if not described.answer:
        return None
    # It could be read when it came; a newer version of us may read less.
    with refusals(UnreadableBundleError):
        checked = check_reading(reading_of(described.answer))
        document = checked.document
        text = write_bundle(document) if isinstance(document, dict) else ""
        return DraftShown(text, checked.findings(), _parts(checked))
    return None


def _parts(checked: CheckedFile) -> dict[str, Any]:
    problems = {"problems": problem_rows(checked.problems)}
    if not checked.preview.can_be_imported or not isinstance(checked.document, dict):
        return problems
    process = GalleryProcess("", "", "", canonical(checked.document))
    document, trial = process.document, process.trial
    words, again = assignments_in_words(document), all_edits_in_words(document)
    tasks = [task_row(each, words, again) for each in process.tasks]
    links = {key: f"#task-{key}" for key in trial.process.tasks}
    return {
        **problems,
        "process": process,
        "picture": draw_process(trial.process, links=links, notes=task_notes(document)),
        "fields": field_table(trial.fields, field_labels(trial.fields)),
        "tasks": tasks,
        "addresses": [each.address for each in tasks if each.address],
        "roles": role_rows(process, checked.preview),
        "cases": [case_row(process, each) for each in checked.preview.cases],
    }
