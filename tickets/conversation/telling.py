"""Who is told of a message: the one place that calls notices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenants.models import User
from tickets.models import Message
from tickets.notices.kinds.mention import MENTION
from tickets.notices.kinds.message import MESSAGE
from tickets.notices.kinds.ticket_needs_me import TICKET_NEEDS_ME
from tickets.notices.tell import tell
from tickets.taking_part.access import Participant, participants, readers
from workflows.models import TaskInstance


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is told of a message; `is_mentioned`: it names them."""

    person: User
    is_mentioned: bool


def people_to_tell(message: Message, among: Iterable[Participant] | None = None) -> list[Told]:
    """Who is told of a message, of those who may read it; never who wrote it.

    The requester, who has a task of it now, its followers, who has written on it, and whom it
    names. Where that is nobody of the team, and nobody of the team wrote it: all ticket admins,
    so that a question never goes unheard. `among`: the ticket's participants, where they are known.
    """
    everybody = participants(message.ticket) if among is None else list(among)
    writer = next((each for each in everybody if message.is_by(each.person)), None)
    others = [each for each in readers(message, everybody) if not message.is_by(each.person)]
    mentioned, talking = message.mentioned_ids, _writers(message)
    told = [
        each
        for each in others
        if each.person.pk in mentioned | talking
        or each.is_requester
        or each.has_open_task
        or each.is_follower
    ]
    is_heard = any(each.access.internal for each in [*told, *([writer] if writer else [])])
    if not is_heard:
        told += [each for each in others if each.is_ticket_admin and each not in told]
    return [Told(each.person, each.person.pk in mentioned) for each in told]


def tell_of(message: Message, people: Iterable[Told]) -> None:
    """Give people their notices of a message, in its transaction: one each, however often asked."""
    told = list(people)
    for kind, is_mentioned in ((MENTION, True), (MESSAGE, False)):
        tell(
            kind,
            [each.person for each in told if each.is_mentioned is is_mentioned],
            ticket_id=message.ticket_id,
            about={"message": message.pk},
            by=message.written_by,
            key=f"message.{message.pk}",
        )


def tell_of_question(message: Message, *, task: TaskInstance) -> None:
    """Tell the requester that a task waits for their answer."""
    tell(
        TICKET_NEEDS_ME,
        [message.ticket.created_by_id],
        ticket_id=message.ticket_id,
        about={"message": message.pk, "task": task.pk, "title": task.definition.title},
        by=message.written_by,
        key=f"message.{message.pk}",
    )


def _writers(message: Message) -> set[int]:
    written = Message.objects.filter(ticket=message.ticket_id)
    return set(written.order_by().values_list("written_by", flat=True).distinct())
