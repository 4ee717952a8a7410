"""Mails of steps and of ways: what cannot work is found, and what would tell too much."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.checks.assignments import doer_problems
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.blocks import items_read
from workflows.bundles.outline.entries import Entry, mails_of
from workflows.bundles.outline.for_requester import answers_behind, is_seen
from workflows.bundles.outline.kinds import Fields, fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.steps.assigning import AssignRule
from workflows.engine.steps.message_text import MessageText
from workflows.engine.steps.messages import NAMED_BY, MessageSpec, Recipient
from workflows.fields.field import Field

TASKS = "tasks."
_PERSON, _ADDRESS, _FILE = "person", "email", "file"
_NEEDED = {
    "answer": gettext_lazy(
        "Name the question whose answer is the person or the e-mail address, such as "
        "ticket.supplier_email."
    ),
    "task": gettext_lazy("Name the task whose doer is meant, by its key."),
    "email": gettext_lazy("Write the e-mail address."),
}


def message_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about `message` and `messages` but the names that texts read: see `rules.py`."""
    fields: Fields | None = None
    for said, place in (*_of_steps(outline), *_of_ways(outline)):
        fields = fields_by_name(outline) if fields is None else fields
        known = {**fields, **items_read(outline, place.key)}
        yield from _Check(outline, said, place, known).problems()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a mail is sent: at the step `key`, or on a way that leaves it.

    `role` is the company role that goes with it, which stands at `role_path`. `done` are the tasks
    that can have been completed by then; `too_late` is what people are told of others.
    """

    key: str
    role: str
    role_path: Path
    done: Collection[str]
    too_late: str


def _of_steps(outline: Outline) -> Iterator[tuple[Entry, _Place]]:
    for task in outline.tasks:
        said = task.value.get("message")
        if isinstance(said, dict) and said and sends_message(task):
            key = task.text("key")
            yield (
                Entry((*task.path, "message"), said),
                _Place(
                    key,
                    role=task.text("candidate_role"),
                    role_path=(*task.path, "candidate_role"),
                    done=outline.before.get(key, set()),
                    too_late=_(
                        "%(task)s cannot have been done before this task. Name an earlier one."
                    ),
                ),
            )


def _of_ways(outline: Outline) -> Iterator[tuple[Entry, _Place]]:
    for transition in outline.transitions:
        for said in mails_of(transition):
            place = _Place(
                transition.text("from"),
                role=said.text("role"),
                role_path=(*said.path, "role"),
                done=outline.done_on_way(transition),
                too_late=_(
                    "%(task)s cannot have been done by the time this way is taken. Name an "
                    "earlier one."
                ),
            )
            yield said, place


def sends_message(task: Entry) -> bool:
    """Whether this is a step that sends a mail."""
    return task.task_type is not None and task.task_type.sends_message


class _Check:
    """One mail's."""

    def __init__(self, outline: Outline, said: Entry, place: _Place, fields: Fields) -> None:
        self.outline = outline
        self.said = said
        self.place = place
        self.fields = fields
        self.spec = MessageSpec.of(said.value)

    def problems(self) -> Iterator[Problem]:
        yield from self._who()
        for name, read in (("subject", self.spec.subject_read), ("text", self.spec.text_read)):
            yield from self._text(name, read)
        yield from self._files()
        yield from self._tells_too_much()

    def _problem(
        self, name: str, message: str, *, expected: str = "", nearest: str = ""
    ) -> Problem:
        return Problem(
            (*self.said.path, name), message, self.said.value.get(name), expected, nearest
        )

    def _who(self) -> Iterator[Problem]:
        who, role = self.spec.who, self.place.role
        if not self.said.text("who"):
            yield self._problem("who", _("Say who gets the mail."))
        needed = NAMED_BY.get(who, "")
        for name, advice in _NEEDED.items():
            if name == needed and not self.said.text(name):
                yield self._problem(name, str(advice))
            elif name != needed and self.said.text(name):
                text = _("“%(name)s” does not go with “who”. Remove it.") % {"name": name}
                yield self._problem(name, text)
        if who is Recipient.ROLE and not role:
            message = _("Name the company role in “%(name)s”.")
            yield self._problem("who", message % {"name": self.place.role_path[-1]})
        elif role and who is not Recipient.ROLE:
            message = _("The company role is not used: the mail goes to somebody else. Remove it.")
            yield Problem(self.place.role_path, message, role, severity=Severity.WARNING)
        named = self.said.text(needed)
        if not named:
            return
        if who is Recipient.ANSWER:
            yield from self._answer(named)
        elif who is Recipient.DOER:
            yield from self._done_before(named, (*self.said.path, "task"))
        elif not _is_address(named):
            yield self._problem("email", _("This is no e-mail address: “%(text)s”.")
                                % {"text": short(named)})  # fmt: skip

    def _answer(self, answer: str) -> Iterator[Problem]:
        fitting = {
            name: field
            for name, field in self.fields.items()
            if field.type.key in (_PERSON, _ADDRESS)
        }
        if answer not in fitting:
            meant = nearest(answer, fitting)
            message = _("“%(name)s” is no question for a person or an e-mail address.")
            advice = did_you_mean(meant) or " " + _("Name one, such as ticket.supplier_email.")
            text = message % {"name": short(answer)} + advice
            yield self._problem("answer", text, expected=", ".join(fitting), nearest=meant)
        elif answer.startswith(TASKS):
            yield from self._done_before(answer.split(".")[1], (*self.said.path, "answer"))

    def _done_before(self, key: str, path: Path) -> Iterator[Problem]:
        place = self.place
        yield from doer_problems(self.outline, key, path, done=place.done, too_late=place.too_late)

    def _text(self, name: str, read: MessageText) -> Iterator[Problem]:
        if not self.said.text(name).strip():
            text = _("Write a subject.") if name == "subject" else _("Write a text.")
            yield self._problem(name, text)
        if name == "subject" and "\n" in self.said.text(name).strip():
            yield self._problem(name, _("A subject has one line."))
        for message in read.problems:
            yield self._problem(name, message)
        for each in read.names:
            if self._is_no_answer(each):
                message = _("“%(name)s” is no single answer. Name one, such as %(example)s.")
                words = {"name": short(each), "example": next(iter(self.fields), "ticket.amount")}
                yield self._problem(name, message % words)

    def _is_no_answer(self, name: str) -> bool:
        root, _dot, rest = name.partition(".")
        if root in ("ticket", "submitter", "company", "failure"):
            return not rest
        if root in ("tasks", "failures"):
            return "." not in rest
        return root == "done" and rest.count(".") < 1

    def _files(self) -> Iterator[Problem]:
        with_files = {name: each for name, each in self.fields.items() if _has_files(each)}
        listed = self.said.value.get("files")
        for index, name in enumerate(self.spec.files):
            path = (*self.said.path, "files", index)
            if name not in with_files:
                found = listed[index] if isinstance(listed, list) and index < len(listed) else name
                meant = nearest(name, with_files)
                message = _("“%(name)s” is no question for a file.") % {"name": short(name)}
                advice = did_you_mean(meant) or " " + _("Name one, such as ticket.quote.")
                yield Problem(path, message + advice, found, ", ".join(with_files), meant)
            elif name.startswith(TASKS):
                yield from self._done_before(name.split(".")[1], path)

    def _tells_too_much(self) -> Iterator[Problem]:
        """Answers that the team alone sees, in a mail to the requester or to outside."""
        is_outside = self._goes_outside()
        if not is_outside and self.spec.who is not Recipient.REQUESTER:
            return
        of_texts = [("subject", self.spec.subject_read), ("text", self.spec.text_read)]
        named = [(part, name) for part, read in of_texts for name in read.names]
        named += [("files", name) for name in self.spec.files]
        for part, name in dict.fromkeys(named):
            behind = answers_behind(self.outline, self.place.key, name)
            if behind is not None and all(self._may_be_told(each) for each in behind):
                continue
            words = {"name": short(name)}
            if is_outside:
                message = _(
                    "“%(name)s” is for the team alone, and this mail goes to somebody outside. "
                    "Leave it out, unless that is meant."
                )
            else:
                message = _(
                    "“%(name)s” is for the team alone: in a mail to the requester it is left out. "
                    "Let the requester see the question, or leave it out."
                )
            path = (*self.said.path, part)
            yield Problem(path, message % words, name, severity=Severity.WARNING)

    def _may_be_told(self, name: str) -> bool:
        return is_seen(self.outline, name) or self._has_given(name)

    def _has_given(self, name: str) -> bool:
        """Whether whoever gets the mail has given this answer, in a form that they were sent."""
        key = name.removeprefix(TASKS).partition(".")[0] if name.startswith(TASKS) else ""
        task = self.outline.task_of.get(key)
        said = task.value.get("assign_to") if task is not None else None
        rule = AssignRule.of(said)
        return rule.is_for_outside and rule.named == self.spec.named

    def _goes_outside(self) -> bool:
        if self.spec.who is Recipient.ADDRESS:
            return True
        field = self.fields.get(self.spec.named) if self.spec.who is Recipient.ANSWER else None
        return field is not None and field.type.key == _ADDRESS


def _has_files(field: Field) -> bool:
    return field.type.key == _FILE or any(_has_files(each) for each in field.fields)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
