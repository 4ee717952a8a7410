"""When tasks are due, left and reminded of, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import quoted, short
from workflows.engine.process import Json
from workflows.engine.steps.reminders import Reminder, Tell, reminders_of
from workflows.working_hours.durations import after_in_words, wait_in_words

_TOLD: Final = {
    Tell.WORKER: gettext_lazy("whoever has it is told"),
    Tell.REQUESTER: gettext_lazy("the requester is told"),
    Tell.MANAGER: gettext_lazy("the manager of whoever has it is told"),
    Tell.DEPUTY: gettext_lazy("the deputy of whoever has it is told"),
    Tell.ROLE: gettext_lazy("%(role)s are told"),
    Tell.PERSON: gettext_lazy("%(person)s is told"),
    Tell.TICKET_ADMINS: gettext_lazy("the ticket admins are told"),
}


def reminders_in_words(value: Json, labels: Mapping[str, str]) -> list[str]:
    """The reminders of a task, a line each.

    `labels` are what people call questions, by `ticket.name` and `tasks.key.name`.
    """
    return [_reminder_in_words(each, labels) for each in reminders_of(value)]


def _reminder_in_words(reminder: Reminder, labels: Mapping[str, str]) -> str:
    role = str(reminder.role or "")
    words = {
        "when": after_in_words(reminder.when.iso, labels),
        "told": str(_TOLD[reminder.tell]) % {"role": role, "person": reminder.person or ""},
        "role": role,
    }
    if reminder.adds_who_is_told and not reminder.gives:
        said = _("%(when)s: %(told)s, and may do it as well") % words
    elif reminder.adds and role:
        said = _("%(when)s: %(told)s, and %(role)s may do it as well") % words
    elif reminder.gives:
        said = _("%(when)s: it goes to the deputy of whoever has it") % words
    else:
        said = _("%(when)s: %(told)s") % words
    return f"{said} ({quoted(short(reminder.text))})" if reminder.text else said


def reminder_notes(document: object) -> dict[str, str]:
    """For the picture: {task key: line}, of the tasks that have reminders, and of waits.

    The document may be wrong in any place.
    """
    outline = Outline(document if isinstance(document, dict) else {})
    found = {}
    for key, task in outline.task_of.items():
        if task.is_form or task.is_approval:
            found[key] = times_note(task.value.get("reminders"))
        elif task.task_type is not None and task.task_type.is_wait:
            wait = wait_in_words(task.text("wait")) if task.text("wait") else ""
            parts = (wait, times_note(task.value.get("reminders")))
            found[key] = ", ".join(filter(None, parts))
    return {key: line for key, line in found.items() if line}


def times_note(value: Json, labels: Mapping[str, str] | None = None) -> str:
    """When somebody is reminded, in one short line; empty: never."""
    times = [after_in_words(each.when.iso, labels) for each in reminders_of(value)]
    return _("reminds %(times)s") % {"times": ", ".join(dict.fromkeys(times))} if times else ""
