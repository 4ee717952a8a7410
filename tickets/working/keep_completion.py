from __future__ import annotations

import traceback
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.models import User
from tickets.advancing.failed_step import with_reason
from tickets.advancing.lock_task import lock_workable
from tickets.advancing.put_into_error import try_to_put_into_error
from tickets.models import ErrorType, Ticket, TicketError
from tickets.saving.save_answers import keep_sent_answers
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance


def keep_completion(
    *, task: TaskInstance, output: JsonObject, user: User, error: Exception, now: datetime
) -> None:
    """Keep what somebody has completed a task with, which failed in a way that nobody foresaw.

    The answers are kept as this person's, the task is put into error, and a ticket error goes to
    the ticket admins, whose retry completes the task with these answers. Where the database
    refuses to change the task at all, it stays as it is, and the person may also try again.

    Raises:
        NotYourTaskError, TaskNotWorkableError: it was given to somebody else, or has ended.
    """
    with transaction.atomic():
        manager, locked, ticket = lock_workable(task, user=user, now=now)
        keep_sent_answers(task=locked, ticket=ticket, answers=output, user=user, now=now)
        message = with_reason(_what_to_look_at(locked, user), error)
        manager.actor = None  # it is not the person's doing
        is_marked = try_to_put_into_error(lambda: manager.fail_task(locked, reason=message))
        kept = _earlier(ticket, locked) or TicketError(
            ticket=ticket, task=locked, error_type=ErrorType.TASK_UPDATE
        )
        kept.message, kept.is_step_marked = message, is_marked
        kept.stack_trace = "".join(traceback.format_exception(error))
        kept.save()


def _earlier(ticket: Ticket, task: TaskInstance) -> TicketError | None:
    """The open error of the same: whoever tries again while it lasts makes no second one."""
    errors = ticket.errors.unresolved().filter(task=task, error_type=ErrorType.TASK_UPDATE)
    return errors.select_for_update(no_key=True).order_by("-pk").first()


def _what_to_look_at(task: TaskInstance, user: User) -> str:
    words = {"task": task.definition.title, "person": str(user)}
    return (
        _(
            "“%(task)s” could not be completed with the answers of %(person)s. They are kept, and"
            " trying again completes the task with them."
        )
        % words
    )
