"""What putting a file of task definitions into a workflow would do, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tenants.companies.language_and_zone import company_zone
from workflows.authoring.definitions.export_bundle import export_bundle, with_types_of_published
from workflows.authoring.definitions.next_version import next_version
from workflows.authoring.importing.findings import Findings, findings_of
from workflows.authoring.importing.import_bundle import BundlePreview, problems_here
from workflows.authoring.importing.whole_bundle import WholeBundle
from workflows.authoring.trying.run_test_cases import run_test_cases_of_document
from workflows.bundles import (
    Problem,
    Severity,
    TestCaseResult,
    differences,
    errors_of,
    test_case_failures,
)
from workflows.bundles.document.canonical import as_text
from workflows.bundles.outline.outline import Outline
from workflows.bundles.task_sets import PARTS, lasting_problems, put_tasks_into, task_set_problems
from workflows.bundles.unfinished import with_named_roles
from workflows.engine.process import Json, JsonObject
from workflows.models import CompanyRole, WorkflowDefinition
from workflows.workbooks import Reading, read_tasks


class Fate(StrEnum):
    """What becomes of a task definition of the file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class TaskFate:
    key: str
    title: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class CheckedTasks:
    """A file of task definitions that was read and checked for a version of a workflow.

    `of_file` is the reading of the file alone. `reading` is that of the whole workflow with it, and
    knows where in the file things stand; of a file that cannot be put into a workflow, the same.
    `preview` is None while something must be corrected.
    """

    of_file: Reading
    reading: Reading
    problems: list[Problem]
    preview: BundlePreview | None = None
    fates: list[TaskFate] = field(default_factory=list)

    @property
    def document(self) -> Json:
        return self.of_file.document

    def findings(self) -> Findings:
        return findings_of(self.problems, reading=self.reading, preview=self.preview)

    @property
    def counts(self) -> dict[str, int]:
        """How many tasks have which fate."""
        return {str(fate): sum(each.fate is fate for each in self.fates) for fate in Fate}


@dataclass(frozen=True, slots=True)
class WorkflowWithTasks:
    """A workflow into which task definitions were put: the whole, and every problem of it.

    `problems` are errors where they stop that, and warnings where publishing would.
    """

    reading: Reading
    document: JsonObject
    problems: list[Problem]

    @property
    def bundle(self) -> WholeBundle:
        """The whole in canonical form, where nothing stops it."""
        return WholeBundle(with_named_roles(self.document))


def check_tasks(*, content: bytes, filename: str, workflow: WorkflowDefinition) -> CheckedTasks:
    """Read a file of any format, and say what putting it into this version would do.

    Raises:
        UnreadableBundleError: it cannot be read at all.
    """
    whole = export_bundle(workflow=workflow)
    reading = read_tasks(content, filename, around=whole, zone=company_zone())
    refused = task_set_problems(reading.document, key=workflow.key)
    if refused or not isinstance(reading.document, dict):
        return CheckedTasks(reading, reading, reading.check(refused))
    put = put_into(whole, reading)
    if errors_of(put.problems):
        return CheckedTasks(reading, put.reading, put.problems)
    preview = _preview(put, workflow)
    problems = [*put.problems, *preview.problems]
    fates = _fates(reading.document, old=preview.old, new=preview.new)
    return CheckedTasks(reading, put.reading, problems, preview, fates)


def put_into(whole: JsonObject, reading: Reading) -> WorkflowWithTasks:
    """Put a file without `task_set_problems` into a whole bundle, and check all of it."""
    tasks = reading.document if isinstance(reading.document, dict) else {}
    kept = {name: value for name, value in tasks.items() if name in PARTS}
    known = CompanyRole.objects.values_list("name", flat=True)
    put = put_tasks_into(whole, kept, known_roles=list(known))
    there = reading.put_into(put.document, put.moved)
    lasting = lasting_problems(put)
    found = problems_here(put.document)
    reported = {(each.path, each.message) for each in found}
    found += [each for each in lasting if (each.path, each.message) not in reported]
    stopping = {(each.path, each.message) for each in lasting}
    problems = there.check([_warning_unless_stopping(each, stopping) for each in found])
    return WorkflowWithTasks(there, put.document, problems)


def _warning_unless_stopping(problem: Problem, stopping: Collection[object]) -> Problem:
    """An error that only publishing minds is a warning here."""
    if (problem.path, problem.message) in stopping:
        return problem
    return replace(problem, severity=Severity.WARNING)


def _preview(put: WorkflowWithTasks, workflow: WorkflowDefinition) -> BundlePreview:
    """What it would change; `problems` are of its test cases, where they can be run."""
    bundle = put.bundle
    old, new = bundle.comparable_with(workflow)
    changes = differences(old, new)
    cases: list[TestCaseResult] = []
    failures: list[Problem] = []
    if not errors_of(problems_here(put.document)):
        runnable = with_types_of_published(workflow.key, bundle.document)
        cases = run_test_cases_of_document(runnable)
        failures = [
            replace(e, severity=Severity.WARNING) for e in test_case_failures(runnable, cases)
        ]
    stays = not changes or workflow.is_draft
    return BundlePreview(
        problems=failures,
        changes=changes,
        new_company_roles=bundle.missing_roles() if changes else [],
        current=workflow,
        version=workflow.version if stays else next_version(workflow.key),
        is_unchanged=not changes,
        cases=cases,
        old=old,
        new=new,
    )


def _fates(tasks: JsonObject, *, old: JsonObject, new: JsonObject) -> list[TaskFate]:
    before, after = Outline(old).task_of, Outline(new).task_of
    found = []
    for each in Outline(tasks).tasks:
        key = each.text("key").strip()
        now = after.get(key, each)
        if key not in before:
            fate = Fate.NEW
        elif as_text(before[key].value) == as_text(now.value):
            fate = Fate.UNCHANGED
        else:
            fate = Fate.CHANGED
        found.append(TaskFate(key, now.text("title"), fate))
    return found
