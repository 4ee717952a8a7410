"""When tasks are due, left and reminded of: what cannot be found out is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.kinds import fields_by_name, kind_of
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import values_set
from workflows.engine.errors import MomentError
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.steps.reminders import ONE_PERSON, Reminder, Tell
from workflows.engine.times.timing import DUE, Moment
from workflows.fields.field import TEXT

_DATES: Final = ("date", "datetime")
# Of questions whose answers may be the key of a message.
_KEYS: Final = ("text", "integer", "choice", "email")
_TASKS: Final = "tasks."


def time_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about the times of tasks and transitions; what is no time is told elsewhere."""
    check = _Check(outline)
    for task in outline.tasks:
        key = task.text("key")
        yield from check.moment((*task.path, "due_in"), task.text("due_in"), at=key)
        yield from check.moment((*task.path, "wait"), task.text("wait"), at=key)
        yield from check.answered_by(task)
        yield from check.reminders(task)
    for each in outline.transitions:
        yield from check.moment((*each.path, "after"), each.text("after"), at=each.text("from"))


class _Check:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.dates = {
            name: field
            for name, field in fields_by_name(outline).items()
            if field.type.key in _DATES
        }
        # What a step sets may be a moment, where its formula is none that plainly gives else.
        self.set = {
            f"{_TASKS}{task.text('key')}.{name}"
            for task in outline.tasks
            for name, formula in (values_set(task) or {}).items()
            if kind_of(formula, fields_by_name(outline)) in ("", TEXT)
        }

    def moment(
        self, path: Path, text: str, *, at: str, is_due_known: bool = False
    ) -> Iterator[Problem]:
        """`at` is the key of the task that waits; `is_due_known`: it may be counted from that."""
        try:
            moment = Moment.parse(text)
        except MomentError:
            return
        if moment.anchor == DUE and not is_due_known:
            message = _(
                "Only a reminder can be counted from when its task is due. Name the question whose "
                "answer is the date, such as ticket.return_date."
            )
            yield Problem(path, message, text)
        elif moment.answer:
            yield from self._answer(path, text, moment.answer, at)

    def _answer(self, path: Path, text: str, answer: str, at: str) -> Iterator[Problem]:
        if answer not in self.dates and answer not in self.set:
            meant = nearest(answer, self.dates)
            message = _("“%(name)s” is no question of type date, or date and time.")
            advice = did_you_mean(meant) or " " + _("Name one, such as ticket.return_date.")
            known = ", ".join(self.dates)
            said = message % {"name": short(answer)}
            nearest_text = text.replace(answer, meant) if meant else ""
            yield Problem(path, said + advice, text, expected=known, nearest=nearest_text)
            return
        key = answer.split(".")[1] if answer.startswith(_TASKS) else ""
        before = self.outline.before.get(at, set())
        if key and self.outline.is_connected and key not in before:
            message = _("%(task)s cannot have been done before this task. Name an earlier one.")
            yield Problem(path, message % {"task": self.outline.title_of(key)}, text)

    def answered_by(self, task: Entry) -> Iterator[Problem]:
        """The answer by which a message is matched is a text or a number, and there by then."""
        name, path = task.text("answered_by"), (*task.path, "answered_by")
        if not name:
            return
        known = {
            each: field
            for each, field in fields_by_name(self.outline).items()
            if field.type.key in _KEYS
        }
        key = name.split(".")[1] if name.startswith(_TASKS) else ""
        other = self.outline.task_of.get(key)
        if other is not None and other.is_call:
            return  # what other systems answer is known to nobody
        if name not in known:
            meant = nearest(name, known)
            message = _("“%(name)s” is no question for a text or a whole number.")
            advice = did_you_mean(meant) or " " + _("Name one, such as tasks.order.reference.")
            said = message % {"name": short(name)} + advice
            yield Problem(path, said, name, expected=", ".join(known), nearest=meant)
            return
        if not key:
            yield self._key_that_is_typed(path, name)
            return
        before = self.outline.before.get(task.text("key"), set())
        if self.outline.is_connected and key not in before:
            message = _("%(task)s cannot have been done before this task. Name an earlier one.")
            yield Problem(path, message % {"task": self.outline.title_of(key)}, name)

    def _key_that_is_typed(self, path: Path, name: str) -> Problem:
        """One in the ticket's form: whoever types that of another ticket blocks its answer."""
        if any(each.text("public_for") for each in self.outline.ticket_types):
            message = _(
                "People outside begin such tickets, and “%(name)s” is what they type: whoever "
                "types the key of another ticket blocks its answer, or gets it. Name what a step "
                "gives that nobody can guess."
            )
            return Problem(path, message % {"name": short(name)}, name)
        message = _(
            "Whoever submits a ticket says “%(name)s”: with the key of another ticket they block "
            "its answer, or get it. Better name what a step gives that nobody can guess."
        )
        return Problem(path, message % {"name": short(name)}, name, severity=Severity.WARNING)

    def reminders(self, task: Entry) -> Iterator[Problem]:
        listed = task.value.get("reminders")
        seen: set[tuple[str, object]] = set()
        for index, each in enumerate(listed if isinstance(listed, list) else []):
            path = (*task.path, "reminders", index)
            found = Reminder.of(each)
            if found is None:
                if isinstance(each, dict) and each.get("when") == "":
                    message = _("Say when, such as P1D before due.")
                    yield Problem((*path, "when"), message, "")
                continue
            when = found.when.iso
            yield from self.moment((*path, "when"), when, at=task.text("key"), is_due_known=True)
            if found.when.anchor == DUE and not task.text("due_in"):
                message = _("The task is never due. Say in “due_in” when it should be done.")
                yield Problem((*path, "when"), message, when)
            if task.task_type is not None and task.task_type.is_wait:
                yield from _nobodys_problems(path, found)
            yield from _role_problems(path, found)
            if (found.name, found.role) in seen:
                message = _("This reminder is there already. Remove it, or choose another time.")
                yield Problem((*path, "when"), message, when)
            yield from _person_problems(path, found)
            seen.add((found.name, found.role))


def _nobodys_problems(path: Path, reminder: Reminder) -> Iterator[Problem]:
    """Of a wait, which nobody has: no worker is told, and nobody may do it as well."""
    if reminder.tell in (Tell.WORKER, Tell.MANAGER, Tell.DEPUTY):
        message = _(
            "Nobody has a step that waits. Set “tell” to requester, role, person or ticket_admins."
        )
        yield Problem((*path, "tell"), message, reminder.tell.value)
    if reminder.adds:
        message = _("Nobody does a step that waits: nobody may do it as well. Remove “add”.")
        yield Problem((*path, "add"), message, found=True)


def _role_problems(path: Path, reminder: Reminder) -> Iterator[Problem]:
    if reminder.gives and reminder.tell is not Tell.DEPUTY:
        message = _("Only a deputy is given a task. Set “tell” to deputy, or “give” to false.")
        yield Problem((*path, "give"), message, found=True)
    if reminder.role is None:
        if reminder.adds and reminder.tell not in ONE_PERSON:
            message = _(
                "Name in “role” the company role whose members may do it as well, or set “tell” to "
                "manager, deputy or person."
            )
            yield Problem((*path, "add"), message, found=True)
        if reminder.tell is Tell.ROLE:
            message = _("Name in “role” the company role whose members are told.")
            yield Problem((*path, "tell"), message, reminder.tell.value)
    elif not reminder.adds and reminder.tell is not Tell.ROLE:
        message = _(
            "The company role is not used: it is neither told nor added. Set “tell” to role or "
            "“add” to true, or remove it."
        )
        yield Problem((*path, "role"), message, reminder.role, severity=Severity.WARNING)


def _person_problems(path: Path, reminder: Reminder) -> Iterator[Problem]:
    if reminder.tell is Tell.PERSON and "@" not in str(reminder.person or ""):
        message = _("Name in “person” the person who is told, by their e-mail address.")
        yield Problem((*path, "tell"), message, reminder.tell.value)
    elif reminder.person is not None and reminder.tell is not Tell.PERSON:
        message = _("The person is not told. Set “tell” to person, or remove “person”.")
        yield Problem((*path, "person"), message, reminder.person, severity=Severity.WARNING)
    if reminder.gives and reminder.adds_who_is_told:
        message = _("The deputy is given the task: they need not be added. Remove “add”.")
        yield Problem((*path, "add"), message, found=True)
