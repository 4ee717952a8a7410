"""Many tasks that ask the same: one form, and each is completed with it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tenants.errors import TicketFlowerError
from tenants.models import User
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.answers.uploads import asks_for_uploads
from workflows.models import TaskDefinition, TaskInstance

MOST_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class CompletedTask:
    """What became of one of them; `refusal` says why it was not completed, else it is empty."""

    task: TaskInstance
    refusal: str = ""


def form_of(tasks: Iterable[TaskInstance]) -> TaskDefinition | None:
    """The form to complete them with: that of the first which can be completed with others."""
    return next((each.definition for each in tasks if not _refusal(each)), None)


def same_form[T: TaskInstance](
    tasks: Sequence[T], form: TaskDefinition | None
) -> tuple[list[T], list[CompletedTask]]:
    """Those that ask what the form asks, and why the others cannot be completed with it.

    `form` has its workflow loaded, and so have the tasks' definitions. The same form is one of
    the same workflow, in whichever version, that a person reads in the same way.
    """
    fitting, refused = [], []
    for task in tasks:
        text = _refusal(task)
        if not text and (form is None or _read(task.definition) != _read(form)):
            text = _("Its form is not that of the others. Complete it by itself.")
        if text:
            refused.append(CompletedTask(task, text))
        else:
            fitting.append(task)
    return fitting, refused


def _refusal(task: TaskInstance) -> str:
    """Why the task cannot be completed with any others; empty where it can."""
    if not task.is_workable:
        return _("Nothing can be done about it now.")
    if task.definition.shows_again:
        return _("It shows earlier answers of its ticket. Complete it by itself.")
    if asks_for_uploads(task.definition.fields):
        return _("It asks for a file, which belongs to one ticket. Complete it by itself.")
    return ""


def _read(form: TaskDefinition) -> tuple[object, ...]:
    """What somebody has read who completes it, and what makes it the same task of a process."""
    return form.workflow.key, form.key, form.title, form.description, form.fields


def complete_many(
    *, tasks: Iterable[TaskInstance], output: JsonObject, user: User, now: datetime | None = None
) -> list[CompletedTask]:
    """Complete each with the same output, in a transaction of its own, in their order.

    What is refused, or fails in a way that nobody has foreseen, does not stop the rest.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; those before are done.
    """
    found = []
    for task in tasks:
        try:
            complete_task(task=task, output=output, user=user, now=now)
        except InvalidDataError as error:
            text = " ".join(each.message for each in error.problems) or str(error)
            found.append(CompletedTask(task, text))
        except TicketFlowerError as error:
            found.append(CompletedTask(task, str(error)))
        else:
            found.append(CompletedTask(task))
    return found
