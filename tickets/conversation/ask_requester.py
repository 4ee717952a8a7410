"""A worker asks the requester: the task waits for the answer, and its time stops."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tenants.models import User
from tickets.advancing.lock_task import lock_workable
from tickets.advancing.timers import cancel_timers
from tickets.conversation.telling import tell_of_question
from tickets.conversation.write_message import Written, write_message
from tickets.errors import CannotAskOneselfError
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
    when it goes on, its timers begin anew, and it is due as much later as it waited.

    Raises:
        NotYourTaskError, TaskNotWorkableError: as in `complete_task`.
        WorkflowOnHoldError: the ticket is on hold.
        CannotAskOneselfError: the worker submitted the ticket.
        what `write_message` raises
    """
    with transaction.atomic():
        sent = Message.objects.filter(written_by=user, token=token).select_related("ticket")
        if (before := sent.first()) is not None and before.text == text.strip():
            return Written(before, is_new=False)
        manager, locked, ticket = lock_workable(task, user=user, now=now)
        if ticket.created_by_id == user.pk:
            raise CannotAskOneselfError
        manager.ask_requester(locked)
        cancel_timers(locked)
        written = write_message(
            ticket=Ticket.objects.select_related("created_by").get(pk=ticket.pk),
            user=user,
            text=text,
            visibility=Visibility.PUBLIC,
            files=files,
            token=token,
            now=now,
            asks=True,
        )
        tell_of_question(written.message, task=locked)
    return written
