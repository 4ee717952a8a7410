"""What people are told of the steps of a ticket: written in the statement of the step itself.

Each event that a step records comes by here before it is written; what people are told of it
becomes one more part of the same statement, so that a step costs no statement and no round trip
more, and a notice stands in the database exactly if its event does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tenants.fast.batch import FOUND, Batch
from tenants.roles import SystemRole
from tickets.models.ticket import Ticket
from tickets.models.ticket_error import ERROR_KEPT, TicketError
from tickets.notices.kinds.error import ERROR
from tickets.notices.kinds.kind import NoticeKind
from tickets.notices.kinds.submitted_for_me import SUBMITTED_FOR_ME
from tickets.notices.kinds.task_given import TASK_GIVEN
from tickets.notices.kinds.ticket_ended import TICKET_ENDED
from tickets.notices.kinds.ticket_moved import TICKET_MOVED
from tickets.notices.tell import as_json, tell_role
from workflows.engine.process import JsonObject
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_steps.completed import COMPLETED
from workflows.running.events.of_steps.moved import MOVED
from workflows.running.events.of_tickets.cancelled import CANCELLED
from workflows.running.events.of_tickets.duplicate import DUPLICATE
from workflows.running.events.of_tickets.submitted_for import SUBMITTED_FOR
from workflows.running.with_event import WITH_EVENT, Happened

type _Tells = Callable[[Batch, Happened], None]

_INSERT: Final = """
INSERT INTO tickets_notice
       (recipient_id, kind, ticket_id, actor_id, about, key, created_at, mail)
SELECT u.id, %s::text, t.id, %s::bigint, %s::jsonb, '', %s::timestamptz, 'WAITS'
"""
# A ticket that whoever locked or makes it has named, and one that must be looked up.
_NAMED: Final = "(SELECT %s::bigint AS id, %s::bigint AS created_by_id) AS t"
_LOOKED_UP: Final = (
    "(SELECT id, created_by_id FROM tickets_ticket WHERE workflow_instance_id = %s::bigint) AS t"
)
_TO_FOUND: Final = f" JOIN {FOUND} u ON true"
_TO_PERSON: Final = (
    " JOIN public.tenants_user u ON u.id = %s::bigint AND u.is_active"
    " AND u.id IS DISTINCT FROM %s::bigint"
)
_TO_REQUESTER: Final = (
    " JOIN public.tenants_user u ON u.id = t.created_by_id AND u.is_active"
    " AND u.id IS DISTINCT FROM %s::bigint"
)


# By the events that people are told of: what tells them.
_TOLD: Final[dict[str, _Tells]] = {}


def _tells_of(event: str) -> Callable[[_Tells], _Tells]:
    def keep(tells: _Tells) -> _Tells:
        _TOLD[event] = tells
        return tells

    return keep


@WITH_EVENT.register
def tell_with_event(batch: Batch, happened: Happened) -> None:
    told = _TOLD.get(happened.kind)
    if told is not None:
        told(batch, happened)


@ERROR_KEPT.register
def tell_of_error(error: TicketError) -> None:
    tell_role(ERROR, SystemRole.TICKET_ADMIN, ticket_id=error.ticket_id, about={"error": error.pk})


@_tells_of(ASSIGNED)
def _given(batch: Batch, happened: Happened) -> None:
    task = happened.task
    if task is None:
        return
    about: JsonObject = {"task": task.pk, "title": task.definition.title}
    if task.definition.is_vote:
        about["vote"] = True
    if happened.gives_to_found:
        _add(batch, happened, TASK_GIVEN, about, _TO_FOUND, by=happened.by_id)
    else:
        to = happened.data.get("to_id")
        by = happened.by_id
        _add(batch, happened, TASK_GIVEN, about, _TO_PERSON, to, by, by=by)


@_tells_of(MOVED)
def _moved(batch: Batch, happened: Happened) -> None:
    """What a person has done is told; calls are between the systems, and an end has its own."""
    task = happened.task
    if task is None or not task.definition.is_form or not happened.data.get("next_tasks"):
        return
    if happened.data.get("cleans_up"):  # they were told that it is cancelled, and that is all
        return
    about: JsonObject = {"title": task.definition.title}
    _add(batch, happened, TICKET_MOVED, about, _TO_REQUESTER, happened.by_id)


@_tells_of(COMPLETED)
def _ended(batch: Batch, happened: Happened) -> None:
    about: JsonObject = {"label": happened.data.get("label") or ""}
    _add(batch, happened, TICKET_ENDED, about, _TO_REQUESTER, happened.by_id)


@_tells_of(CANCELLED)
def _cancelled(batch: Batch, happened: Happened) -> None:
    by = happened.by_id
    _add(batch, happened, TICKET_ENDED, {"cancelled": True}, _TO_REQUESTER, by, by=by)


@_tells_of(DUPLICATE)
def _closed(batch: Batch, happened: Happened) -> None:
    by = happened.by_id
    _add(batch, happened, TICKET_ENDED, {"duplicate": True}, _TO_REQUESTER, by, by=by)


@_tells_of(SUBMITTED_FOR)
def _submitted_for(batch: Batch, happened: Happened) -> None:
    by = happened.by_id
    _add(batch, happened, SUBMITTED_FOR_ME, {}, _TO_REQUESTER, by, by=by)


def _add(
    batch: Batch,
    happened: Happened,
    kind: NoticeKind,
    about: JsonObject,
    to: str,
    *values: object,
    by: int | None = None,
) -> None:
    """`by` is named in the sentence: what only follows from a step is nobody's doing."""
    ticket, source = batch.about, _LOOKED_UP
    found: list[object] = [happened.instance_id]
    if isinstance(ticket, Ticket):
        # By values: the statement is planned once for all, as it reads nothing more.
        source, found = _NAMED, [ticket.pk, ticket.created_by_id]
    said = (str(kind), by, as_json(about), batch.now)
    batch.add_statement(f"{_INSERT} FROM {source}{to}", *said, *found, *values)
