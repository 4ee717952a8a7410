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
from workflows.fields.uploads import asks_for_uploads
from workflows.models import TaskInstance

MOST_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class CompletedTask:
    """What became of one of them; `refusal` says why it was not completed, else it is empty."""

    task: TaskInstance
    refusal: str = ""


def same_form(tasks: Sequence[TaskInstance]) -> tuple[list[TaskInstance], list[CompletedTask]]:
    """Those that ask what the first asks, and why the others cannot be completed with it."""
    if not tasks:
        return [], []
    first, fitting, refused = tasks[0].definition, [], []
    for task in tasks:
        definition = task.definition
        if asks_for_uploads(definition.fields):
            text = _("It asks for a file, which belongs to one ticket. Complete it by itself.")
            refused.append(CompletedTask(task, text))
        elif (definition.key, definition.fields) != (first.key, first.fields):
            text = _("Its form is not that of “%(task)s”. Complete it by itself.")
            refused.append(CompletedTask(task, text % {"task": first.title}))
        elif not task.is_workable:
            refused.append(CompletedTask(task, _("Nothing can be done about it now.")))
        else:
            fitting.append(task)
    return fitting, refused


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
