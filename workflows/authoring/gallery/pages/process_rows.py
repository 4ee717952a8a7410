"""The parts of a process that is nobody's yet, as a page reads it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.authoring.definitions.pages.field_rows import FieldTable, field_table
from workflows.authoring.gallery.processes import GalleryProcess
from workflows.authoring.importing.import_bundle import BundlePreview
from workflows.bundles import TestCaseResult
from workflows.bundles.telling.assistants import assistance_in_words
from workflows.bundles.telling.describe_changes import field_labels
from workflows.engine.process import JsonObject
from workflows.engine.task_types import TaskType
from workflows.task_types import SCREENS


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it is read before it is anybody's."""

    key: str
    title: str
    description: str
    kind: str
    is_form: bool
    role: str
    address: str
    assistant: str
    shows_again: str
    fields: FieldTable

    @property
    def question_count(self) -> int:
        return sum(1 for each in self.fields.rows if each.depth == 0)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A company role that the process needs; `is_new`: using the process makes it."""

    name: str
    description: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A test case in words: the titles of the tasks that it goes through, and its end."""

    name: str
    steps: list[str]
    end: str
    has_passed: bool


def role_rows(process: GalleryProcess, preview: BundlePreview) -> list[RoleRow]:
    new: set[str] = set()
    if preview.can_be_imported:
        new = {name_key(name) for name in preview.new_company_roles}
    return [
        RoleRow(
            name=str(each["name"]),
            description=str(each.get("description", "")),
            is_new=name_key(str(each["name"])) in new,
        )
        for each in process.company_roles
    ]


def task_row(task: JsonObject, words: Mapping[str, str], again: Mapping[str, str]) -> TaskRow:
    specs = task.get("fields", [])
    task_type = TaskType.named(task.get("task_type")) or TaskType.FORM
    return TaskRow(
        key=str(task["key"]),
        title=str(task["title"]),
        description=str(task.get("description", "")),
        kind=str(SCREENS[task_type].name),
        is_form=task_type.is_form,
        role=words.get(str(task["key"]), "") or str(task.get("candidate_role", "")),
        address=str(task.get("action_url", "")),
        assistant=assistance_in_words(task.get("assistant")) if task_type.is_form else "",
        shows_again=again.get(str(task["key"]), ""),
        fields=field_table(specs, field_labels(specs)),
    )


def case_row(process: GalleryProcess, result: TestCaseResult) -> CaseRow:
    titles = [process.trial.title_of(key) for key in result.expected.path]
    end = result.expected.end
    if result.expected.status == "WAITING":
        end = _("waits there")
    elif result.expected.status == "ERROR":
        end = _("stops with an error")
    return CaseRow(result.name, titles, end or _("the end"), result.has_passed)
