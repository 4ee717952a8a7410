"""The company roles that a document names, and where."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path
from workflows.engine.steps.reminders import reminder_roles
from workflows.fields.specs.company_roles import roles_in


def roles_in_reminders(outline: Outline) -> Iterator[tuple[Path, str]]:
    """The company roles that reminders of tasks name, and where."""
    for task in outline.tasks:
        for index, role in reminder_roles(task.value.get("reminders")):
            if isinstance(role, str):
                yield (*task.path, "reminders", index, "role"), role


def role_of_approvers(task: Entry) -> str:
    """The company role whose members approve; empty: it is no approval, or others do."""
    approvers = task.value.get("approvers")
    role = approvers.get("role") if isinstance(approvers, dict) else None
    return role if isinstance(role, str) else ""


def roles_in_questions(outline: Outline) -> Iterator[tuple[Path, str]]:
    """The company roles that questions name, and where."""
    for form in (outline.workflow, *outline.tasks):
        for path, role in roles_in(form.value.get("fields"), (*form.path, "fields")):
            if isinstance(role, str):
                yield path, role
