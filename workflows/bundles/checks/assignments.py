"""Whom the tasks are given to: what cannot work is found, as far as it is certain."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.blocks import items_read
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.kinds import fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.assigning import (
    NAMED_BY,
    REQUESTER,
    TASKS,
    AssignRule,
    Fallback,
    Who,
)
from workflows.fields.field import Field

_PERSON, _ADDRESS, _FILE = "person", "email", "file"
_NEEDED = {
    "answer": gettext_lazy(
        "Name the question whose answer is the person, such as ticket.approver."
    ),
    "task": gettext_lazy("Name the task whose doer is meant, by its key."),
    "email": gettext_lazy("Name the person by their e-mail address."),
}
_NEEDED_OUTSIDE = gettext_lazy(
    "Name the question whose answer is the e-mail address, such as ticket.customer_email."
)


def assignment_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about `assign_to`, of the tasks that people do."""
    for task in outline.tasks:
        said = task.value.get("assign_to")
        if isinstance(said, dict) and task.is_form:
            yield from _Check(outline, task, said).problems()


class _Check:
    """One task's."""

    def __init__(self, outline: Outline, task: Entry, said: JsonObject) -> None:
        self.outline = outline
        self.task = task
        self.said = said
        self.path: Path = (*task.path, "assign_to")
        self.rule = AssignRule.of(said)
        self.role = task.text("candidate_role")

    def problems(self) -> Iterator[Problem]:
        yield from self._who()
        yield from self._fallback()
        yield from self._never()

    def _text(self, name: str) -> str:
        found = self.said.get(name)
        return found if isinstance(found, str) else ""

    def _problem(
        self, name: str, message: str, *, expected: str = "", nearest: str = ""
    ) -> Problem:
        return Problem((*self.path, name), message, self.said.get(name), expected, nearest)

    def _who(self) -> Iterator[Problem]:
        needed = NAMED_BY.get(self.rule.who, "")
        for name in _NEEDED:
            if name == needed and not self._text(name):
                wanted = _NEEDED_OUTSIDE if self.rule.is_for_outside else _NEEDED[name]
                yield self._problem(name, str(wanted))
            elif name != needed and self._text(name):
                message = _("“%(name)s” does not go with “who”. Remove it.") % {"name": name}
                yield self._problem(name, message)
        who = self.said.get("who")
        if who == "role" and not self.role:
            yield self._problem("who", _("Name the company role in “candidate_role”."))
        if who == "everybody" and self.role:
            message = _("A company role is named in “candidate_role”. Remove it, or “who”.")
            yield self._problem("who", message)
        if not self._text(needed):
            return
        if self.rule.who is Who.ANSWER:
            yield from self._answer(self._text("answer"))
        if self.rule.who is Who.DOER:
            yield from self.done_before(self._text("task"), (*self.path, "task"))
        if self.rule.is_for_outside:
            yield from self._outside(self._text("answer"))
        if self.rule.who is Who.PERSON and "@" not in self._text("email"):
            yield self._problem("email", str(_NEEDED["email"]))

    def _answer(self, answer: str) -> Iterator[Problem]:
        known_fields = {
            **fields_by_name(self.outline),
            **items_read(self.outline, self.task.text("key")),
        }
        people = {name: field for name, field in known_fields.items() if field.type.key == _PERSON}
        if answer not in people:
            known = list(people)
            meant = nearest(answer, known)
            message = _("“%(name)s” is no question of type person.") % {"name": short(answer)}
            advice = did_you_mean(meant) or " " + _("Name one, such as ticket.approver.")
            yield self._problem(
                "answer", message + advice, expected=", ".join(known), nearest=meant
            )
            return
        if answer.startswith(TASKS):
            key = answer.split(".")[1]
            yield from self.done_before(key, (*self.path, "answer"))

    def _outside(self, answer: str) -> Iterator[Problem]:
        """The address that the link is sent to, and what a form for strangers may ask."""
        known_fields = {
            **fields_by_name(self.outline),
            **items_read(self.outline, self.task.text("key")),
        }
        known = [name for name, field in known_fields.items() if field.type.key == _ADDRESS]
        if answer not in known:
            meant = nearest(answer, known)
            message = _("“%(name)s” is no question of type email.") % {"name": short(answer)}
            advice = did_you_mean(meant) or " " + _("Name one, such as ticket.customer_email.")
            yield self._problem(
                "answer", message + advice, expected=", ".join(known), nearest=meant
            )
        elif answer.startswith(TASKS):
            yield from self.done_before(answer.split(".")[1], (*self.path, "answer"))
        for name, field in (readable_fields(self.task) or {}).items():
            if is_for_colleagues(field):
                message = _(
                    "The form goes to somebody outside, who sees nobody of your company and sends "
                    "no file: remove “%(field)s”, or ask for it otherwise."
                )
                text = message % {"field": short(field.label or field.name)}
                yield Problem((*self.task.path, "fields"), text, name)
        if self.task.value.get("edits"):
            message = _("Somebody outside sees no earlier answers. Remove “edits”.")
            yield Problem((*self.task.path, "edits"), message)

    def done_before(self, key: str, path: Path) -> Iterator[Problem]:
        """Of a task that is named, and must be one that people do, before this one."""
        tasks = self.outline.task_of
        if key not in tasks:
            meant = nearest(key, tasks)
            message = _("There is no task “%(key)s”.") % {"key": short(key)}
            advice = did_you_mean(meant) or " " + _("Name one that there is.")
            yield Problem(path, message + advice, key, ", ".join(tasks), meant)
        elif tasks[key].is_call:
            yield Problem(path, _("No person does this task: it calls another system."), key)
        elif not tasks[key].is_form and not tasks[key].is_approval:
            yield Problem(path, _("No person does this task."), key)
        elif self.outline.is_connected and key not in self.outline.before.get(
            self.task.text("key"), set()
        ):
            message = _("%(task)s cannot have been done before this task. Name an earlier one.")
            yield Problem(path, message % {"task": self.outline.title_of(key)}, key)

    def _fallback(self) -> Iterator[Problem]:
        rule = self.rule
        if rule.is_for_group:
            if rule.fallback is not Fallback.NOBODY:
                message = _(
                    "“fallback” is for a task that is for one person. Say in “who” whom it is for,"
                    " or remove it."
                )
                yield self._problem("fallback", message)
            return
        if rule.fallback is Fallback.ROLE and not self.role:
            message = _("Name the company role that is to have it then in “candidate_role”.")
            yield self._problem("fallback", message)
        if self.role and rule.fallback is not Fallback.ROLE:
            message = _(
                "The company role is not used: the task is for one person. Set “fallback” to role,"
                " or remove the company role."
            )
            path = (*self.task.path, "candidate_role")
            yield Problem(path, message, self.role, severity=Severity.WARNING)

    def _never(self) -> Iterator[Problem]:
        yield from self.never(self.said.get("never"), (*self.path, "never"))

    def never(self, never: Json, where: Path) -> Iterator[Problem]:
        """Of a list of whom a task is never given to."""
        for index, each in enumerate(never if isinstance(never, list) else []):
            path = (*where, index)
            if each == REQUESTER:
                if self.rule.who is Who.REQUESTER:
                    message = _("The task is for the requester, and is never given to them.")
                    yield Problem(path, message + " " + _("Remove one of the two."), each)
            elif isinstance(each, str) and each.startswith(TASKS):
                key = each.removeprefix(TASKS)
                if self.rule.who is Who.DOER and key == self.rule.named:
                    message = _("The task is for whoever did %(task)s, and is never given to them.")
                    message %= {"task": self.outline.title_of(key)}
                    yield Problem(path, message + " " + _("Remove one of the two."), each)
                else:
                    yield from self.done_before(key, path)
            elif isinstance(each, str):
                message = _("Write “requester”, or the task whose doer is meant: tasks.review.")
                yield Problem(path, message, each)


def is_for_colleagues(field: Field) -> bool:
    """Whether nobody outside can answer it: it offers people, or takes a file."""
    return field.type.key in (_PERSON, _FILE) or any(map(is_for_colleagues, field.fields))


def never_problems(outline: Outline, task: Entry, never: Json, path: Path) -> Iterator[Problem]:
    """The same of a task without an `assign_to`, which says by itself whom it never asks."""
    yield from _Check(outline, task, {}).never(never, path)


def done_before_problems(outline: Outline, task: Entry, key: str, path: Path) -> Iterator[Problem]:
    """The same of a task that must have been done by a person before this one is begun."""
    yield from _Check(outline, task, {}).done_before(key, path)
