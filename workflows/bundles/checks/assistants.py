"""To which assistants tasks are offered: what cannot work is found.

Whether the service account is there only its company knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path, short
from workflows.engine.steps.assigning import AssignRule, Mode
from workflows.engine.steps.assisting import Assistance

_FILE = "file"


def assistant_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about `assistant`."""
    for task in outline.tasks:
        if Assistance.of(task.value.get("assistant")) is not None:
            yield from _problems(task, (*task.path, "assistant"))


def _problems(task: Entry, path: Path) -> Iterator[Problem]:
    rule = AssignRule.of(task.value.get("assign_to"))
    if task.is_approval:
        message = _("People approve: an approval is never offered to an assistant.")
        yield Problem(path, message + " " + _("Remove “assistant”."))
    elif not task.is_form:
        return  # that its type does not use it is told elsewhere
    elif rule.is_for_outside:
        message = _("The form goes to somebody outside, and nobody here answers for an assistant.")
        yield Problem(path, message + " " + _("Remove “assistant”."))
    elif rule.is_for_group and rule.mode is Mode.NOBODY:
        message = _(
            "Nobody is given this task before somebody claims it, and whoever does takes it from "
            "the assistant: it can never do it. Choose another way in which it is given to people."
        )
        yield Problem(path, message, severity=Severity.WARNING)
    else:
        yield from _files(task)


def _files(task: Entry) -> Iterator[Problem]:
    for index, (name, field) in enumerate((readable_fields(task) or {}).items()):
        if field.type.key == _FILE and field.required is True:
            message = _(
                "An assistant sends no files: its answers are refused without one to “%(field)s”. "
                "Make the question optional, or leave the task to people."
            )
            text = message % {"field": short(field.label or name)}
            yield Problem((*task.path, "fields", index), text, name, severity=Severity.WARNING)
