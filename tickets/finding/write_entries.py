"""Entries of the search, written in the transaction of what they say.

Those of a step become one more part of its own statement, so that it costs no statement and no
round trip more: every event that a step records comes by here before it is written. Each entry is
put in the place of the one before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import translation

from tenants.fast.batch import Batch
from tickets.finding.entries import (
    Entry,
    entries_of_answers,
    entry_of_answers,
    entry_of_message,
    entry_of_reason,
    entry_of_task,
    entry_of_ticket,
    source_of_answers,
    source_of_message,
    source_of_task,
)
from tickets.models import Message, Ticket
from tickets.seeing import is_hidden_from_some, outputs_in, outputs_of_visits
from tickets.seeing.reasons import ENDINGS
from workflows.engine.process import DEEPEST, Json
from workflows.models import TaskDefinition, TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_blocks.block_ended import BLOCK_ENDED
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.events.of_steps.started import STARTED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.with_event import WITH_EVENT, Happened

_INSERT: Final = """
INSERT INTO tickets_searchentry (ticket_id, source, found_by, text, places, plain, words)
SELECT t.id, %s::text, %s::text, %s::text, %s::jsonb, %s::text,
       array_to_tsvector(string_to_array(%s::text, ' '))
"""
_INSTEAD: Final = """
ON CONFLICT (ticket_id, source) DO UPDATE
   SET found_by = excluded.found_by, text = excluded.text, places = excluded.places,
       plain = excluded.plain, words = excluded.words
"""
# A ticket that whoever locked or makes it has named, and one that must be looked up. One that is
# not of the same statement is held: see `index_tickets`.
_NAMED: Final = " FROM (SELECT %s::bigint AS id) AS t"
_LOOKED_UP: Final = (
    " FROM (SELECT id FROM tickets_ticket WHERE workflow_instance_id = %s::bigint) AS t"
)
_HELD: Final = " FROM (SELECT id FROM tickets_ticket WHERE id = %s::bigint FOR KEY SHARE) AS t"
_DELETE: Final = (
    "DELETE FROM tickets_searchentry e USING (SELECT t.id{ticket}) AS t"
    " WHERE e.ticket_id = t.id AND e.source = %s::text"
)


INSERT_MANY: Final = f"{_INSERT}{_NAMED}{_INSTEAD}"


def values_of(entry: Entry, ticket_id: int) -> tuple[Any, ...]:
    """For INSERT_MANY: one row, of a ticket that is there."""
    return (*_values(entry), ticket_id)


def _values(entry: Entry) -> tuple[Any, ...]:
    plain = entry.plain
    places = json.dumps(entry.places, ensure_ascii=False)
    return (
        entry.source,
        entry.found_by.value,
        entry.text,
        places,
        plain,
        entry.words(plain),
    )


def in_one_language[**P, R](make: Callable[P, R]) -> Callable[P, R]:
    """Have words such as Yes come out the same, whoever it is that writes them."""

    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        with translation.override(settings.LANGUAGE_CODE):
            return make(*args, **kwargs)

    return made


# With the events of a step


@WITH_EVENT.register
def write_with_event(batch: Batch, happened: Happened) -> None:
    """Add what a step changes of the search to the statement of the step."""
    match happened.kind:
        case kind if kind == STARTED:
            _write_ticket(batch)
        case kind if kind == TASK_COMPLETED:
            _write_output(batch, happened, happened.data.get("output"))
        case kind if kind == CHANGED and happened.data.get("what") == "ticket":
            _write_ticket(batch)
        case kind if kind == CHANGED and happened.data.get("what") == "output":
            _write_output(batch, happened, happened.data.get("new"))
        case kind if kind == BLOCK_ENDED:
            _write_block(batch, happened)
        case kind if kind in ENDINGS:
            _write_reason(batch, happened)


@in_one_language
def _write_ticket(batch: Batch) -> None:
    if isinstance(batch.about, Ticket):
        entry = entry_of_ticket(batch.about)
        batch.add_statement(INSERT_MANY, *values_of(entry, batch.about.pk))


@in_one_language
def _write_output(batch: Batch, happened: Happened, output: Json) -> None:
    task: TaskInstance | None = happened.task
    if task is None or not task.definition.is_form:
        return
    definition = task.definition
    if task.path_id is None or not is_hidden_from_some(task):
        _put(batch, happened, source_of_task(task.pk), entry_of_task(definition, task.pk, output))
    if task.path_id is not None and not happened.data.get("handed_over"):
        return  # the requester sees it when the block has ended
    # What the requester sees says the version that the ticket runs on now (`outputs_now`): the
    # task may have been done before the ticket was moved there.
    key = str(happened.data.get("key") or definition.key)  # it may be called something else now
    now = _definition_now(happened, definition, key)
    entry = None if now is None else entry_of_answers(now, output)
    _put(batch, happened, source_of_answers(key), entry)


@in_one_language
def _write_block(batch: Batch, happened: Happened) -> None:
    """What the branches of a block have brought is seen by more people from now on."""
    block = happened.task
    if block is None or happened.workflow_id is None:
        return
    if block.path_id is None:
        tasks = definition_of(happened.workflow_id).tasks
        for entry in entries_of_answers(outputs_in(tasks, happened.brought)):
            _add(batch, happened, entry)
    if not block.definition.hide_answers or is_hidden_from_some(block):
        return
    # Those of the step itself are not in the database yet.
    last = [each for each in happened.last_tasks if each.output_data is not None]
    visits = outputs_of_visits([happened.instance_id]).filter(_within(block))
    for task in [*visits.exclude(pk__in=[each.pk for each in last]), *last]:
        found = entry_of_task(task.definition, task.pk, task.output_data)
        if found is not None:
            _add(batch, happened, found)


@in_one_language
def _write_reason(batch: Batch, happened: Happened) -> None:
    entry = entry_of_reason(happened.data)
    if entry is not None:
        _add(batch, happened, entry)


def _within(block: TaskInstance) -> Q:
    """The tasks in the branches of a block, however deep."""
    found, name = Q(), "path__block_task"
    for _depth in range(DEEPEST):
        found |= Q(**{name: block})
        name += "__path__block_task"
    return found


def _definition_now(
    happened: Happened, definition: TaskDefinition, key: str
) -> TaskDefinition | None:
    if happened.workflow_id is None or happened.workflow_id == definition.workflow_id:
        return definition
    return definition_of(happened.workflow_id).tasks.get(key)


def _put(batch: Batch, happened: Happened, source: str, entry: Entry | None) -> None:
    if entry is not None:
        _add(batch, happened, entry)
        return
    ticket, value = _ticket_of(batch, happened)
    batch.add_statement(_DELETE.format(ticket=ticket), value, source)


def _add(batch: Batch, happened: Happened, entry: Entry) -> None:
    ticket, value = _ticket_of(batch, happened)
    batch.add_statement(f"{_INSERT}{ticket}{_INSTEAD}", *_values(entry), value)


def _ticket_of(batch: Batch, happened: Happened) -> tuple[str, int]:
    if isinstance(batch.about, Ticket):
        return _NAMED, batch.about.pk
    return _LOOKED_UP, happened.instance_id


# By whoever changes something else


@in_one_language
def write_ticket(ticket: Ticket) -> None:
    """For a ticket whose workflow could not be started: no event has come by."""
    _execute(ticket.pk, entry_of_ticket(ticket))


@in_one_language
def index_message(message: Message) -> None:
    """A message that was written, edited or hidden, in its transaction, after its row.

    Two statements.
    """
    filenames = list(message.files.order_by("pk").values_list("filename", flat=True))
    entry = entry_of_message(message, filenames)
    if entry is not None:
        _execute(message.ticket_id, entry)
        return
    with connection.cursor() as cursor:
        source = source_of_message(message.pk)
        cursor.execute(_DELETE.format(ticket=_HELD), [message.ticket_id, source])


def _execute(ticket_id: int, entry: Entry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT}{_HELD}{_INSTEAD}", [*_values(entry), ticket_id])
