"""A worker asks the requester: the task waits for the answer, and its time stops."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tenants.models import User
from tickets.advancing.lock_task import lock_workable
from tickets.advancing.lock_ticket import lock_ticket
from tickets.advancing.timer_jobs import cancel_timers
from tickets.conversation.errors import CannotAskOneselfError, RequesterGoneError
from tickets.conversation.telling import tell_of_question
from tickets.conversation.write_message import Written, plain_message, sent_before, write_message
from tickets.models import Message, Ticket, Visibility
from workflows.models import TaskInstance


def ask_requester(
    *,
    task: TaskInstance,
    user: User,
    text: str,
    files: Collection[UUID] = (),
    token: str,
    now: datetime,
) -> Written:
    """Write a public message that asks the requester, and let the task wait for the answer.

    The ticket is not put on hold. Meanwhile nothing is due, and no time of the task is counted:
    when it goes on, its timers begin anew, and it has as much working time as was left.

    Raises:
        NotYourTaskError, TaskNotWorkableError: as in `complete_task`.
        WorkflowOnHoldError: the ticket is on hold.
        CannotAskOneselfError: the worker submitted the ticket.
        RequesterGoneError: who submitted it is switched off.
        what `write_message` raises
    """
    text = plain_message(text)
    with transaction.atomic():
        ticket = lock_ticket(Ticket.objects.get(workflow_instance=task.workflow_instance_id).pk)
        # Before it is looked whether it may be worked on: it may wait for the answer to this.
        sent = Message(ticket=ticket, written_by=user, token=token, text=text)
        if (before := sent_before(sent, files)) is not None:
            return Written(before, is_new=False)
        manager, locked, _ticket = lock_workable(task, user=user, now=now)
        if ticket.created_by_id == user.pk:
            raise CannotAskOneselfError
        if not ticket.created_by.is_active:
            raise RequesterGoneError(ticket.created_by)
        manager.ask_requester(locked)
        cancel_timers(locked)
        written = write_message(
            ticket=ticket,
            user=user,
            text=text,
            visibility=Visibility.PUBLIC,
            files=files,
            token=token,
            now=now,
            asks=True,
        )
        if not written.is_new:  # written by the same form at this moment: it asks nobody
            transaction.set_rollback(True)
            return written
        tell_of_question(written.message, task=locked)
    return written
