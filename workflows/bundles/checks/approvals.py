"""Whether anybody can approve, as far as it is certain, and whether the outcome counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.checks.assignments import never_problems
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.steps.approvals import OWN_FIELDS, Approvers, needed_of

# So long a key leaves room for that of its votes.
LONGEST_KEY: Final = 58


def approval_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about approvals but what their rule reads, and their company role."""
    for key, task in outline.approvals.items():
        if len(key) > LONGEST_KEY:
            message = _("The key of an approval has at most %(most)d characters. Shorten it.")
            yield Problem((*task.path, "key"), message % {"most": LONGEST_KEY}, key)
        yield from _approver_problems(task)
        yield from _taken_names(task)
        yield from never_problems(outline, task, task.value.get("never"), (*task.path, "never"))
        yield from _reading_problems(outline, key, task)


def _approver_problems(task: Entry) -> Iterator[Problem]:
    approvers, path = task.value.get("approvers"), (*task.path, "approvers")
    if not isinstance(approvers, dict):
        return
    people, needed = approvers.get(Approvers.PEOPLE.value), needed_of(task.value.get("needed"))
    most: int | None = None
    if isinstance(people, list):
        wrong = [index for index, each in enumerate(people) if not _is_address(each)]
        for index in wrong:
            message = _("Name each person by their e-mail address.")
            yield Problem((*path, "people", index), message, people[index])
        if not people:
            yield Problem((*path, "people"), _("Name at least one person."), people)
        elif wrong:
            return
        most = len({str(each).strip().lower() for each in people})
    elif isinstance(people, str):
        message = _("Give the people as a list of e-mail addresses, or as a rule that yields them.")
        yield Problem((*path, "people"), message, people)
    elif approvers.get(Approvers.MANAGER.value) is False:
        message = _("Say who approves: manager true, a role, or people.")
        yield Problem((*path, "manager"), message, expected="true")
    elif Approvers.MANAGER.value in approvers:
        most = 1
    if most and isinstance(needed, int) and needed > most:
        message = _("%(needed)d must approve, but only %(count)d are asked: nobody could approve.")
        words = {"needed": needed, "count": most}
        yield Problem((*task.path, "needed"), message % words, needed, f"1 to {most}")


def _is_address(value: Json) -> bool:
    return isinstance(value, str) and "@" in value


def _taken_names(task: Entry) -> Iterator[Problem]:
    """What every vote asks already."""
    fields = task.value.get("fields")
    for index, each in enumerate(fields if isinstance(fields, list) else []):
        if isinstance(each, dict) and each.get("name") in OWN_FIELDS:
            message = _("Every vote asks “%(name)s” already. Call this question something else.")
            path = (*task.path, "fields", index, "name")
            yield Problem(path, message % {"name": each["name"]}, each["name"])


def _reading_problems(outline: Outline, key: str, task: Entry) -> Iterator[Problem]:
    """Where every way leads on whatever was decided, a refusal changes nothing."""
    leaving = outline.leaving_completed.get(key, [])
    if leaving and all(is_empty(each.value.get("condition")) for each in leaving):
        message = _(
            "The ticket goes the same way whether it is approved or refused. Give a transition "
            "the condition tasks.%(key)s.approved, and say what follows a refusal."
        )
        yield Problem(task.path, message % {"key": key}, severity=Severity.WARNING)
