"""The same rows, written by raw psycopg and by the plain ORM: what a step costs at least.

They write what our services leave behind (a test compares it, table by table): ticket, instance,
task, the three events of a step, what a search finds, and the notices that tell the people. They
check nothing, decide nothing, and always give the task to the same worker. Each is one transaction.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from django.contrib.postgres.search import SearchVector
from django.db import connection, transaction
from django.db.models import Value
from django.utils import timezone

from bench.companies.fill import MOVED as DECISION
from bench.companies.setup import DATA, OUTPUT, Bench, enter
from bench.parts.services import user_of
from tickets.models import FoundBy, Notice, SearchEntry, Ticket
from tickets.notices.kinds.task_given import TASK_GIVEN
from tickets.notices.kinds.ticket_moved import TICKET_MOVED
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.kind import EventKind
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_steps.moved import MOVED
from workflows.running.events.of_steps.started import STARTED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED

type Event = tuple[EventKind, bool, JsonObject]
# Who is told, in which kind of notice, what.
type Told = tuple[int, str, JsonObject]


def submit_events(bench: Bench) -> list[Event]:
    """What a submission writes into the history: (kind, whether of the task, data)."""
    return [
        (STARTED, False, {"version": 1, "workflow": "Bench (v1)"}),
        (MOVED, False, DECISION),
        (ASSIGNED, True, _worker(bench)),
    ]


def complete_events(bench: Bench) -> list[Event]:
    """What a completion writes into the history."""
    return [
        (TASK_COMPLETED, True, {"output": OUTPUT}),
        (MOVED, True, DECISION),
        (ASSIGNED, True, _worker(bench)),
    ]


def _worker(bench: Bench) -> JsonObject:
    return {"to": bench.worker_email, "to_id": bench.worker_ids[0]}


# Raw psycopg: a connection of its own, because Django's binds values on the client and so can
# prepare nothing. Every statement is prepared.


@cache
def _raw_connection() -> psycopg.Connection:
    """Kept until `close_raw_connection`: no database is dropped while somebody is connected."""
    settings = connection.settings_dict
    options = {**settings["OPTIONS"], "prepare_threshold": 0}
    options.pop("server_side_binding", None)  # Django's own word
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"] or None,
        autocommit=True,
        **options,
    )


def close_raw_connection() -> None:
    if _raw_connection.cache_info().currsize:
        _raw_connection().close()
        _raw_connection.cache_clear()
    _Raw.schema_name = ""


class _Raw:
    """Which company the raw connection works in."""

    schema_name = ""


def _raw(bench: Bench) -> psycopg.Connection:
    raw = _raw_connection()
    if _Raw.schema_name != bench.schema_name:
        raw.execute(f'SET search_path = "{bench.schema_name}", public', prepare=False)
        _Raw.schema_name = bench.schema_name
    return raw


def raw_submit(bench: Bench) -> int:
    """Ticket, instance, task, events; returns the task's id."""
    raw = _raw(bench)
    now = timezone.now()
    with raw.transaction():
        instance = _id(
            raw,
            "INSERT INTO workflows_workflowinstance (uuid, workflow_id, data, status, end_label,"
            " created_at, updated_at, started_at)"
            " VALUES (%s, %s, '{}', 'IN_PROGRESS', '', %s, %s, %s) RETURNING id",
            (uuid.uuid4(), bench.workflow_id, now, now, now),
        )
        ticket = _id(
            raw,
            "INSERT INTO tickets_ticket (title, definition_id, workflow_id, workflow_instance_id,"
            " data, created_by_id, created_at, updated_at)"
            " VALUES ('Bench', %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (bench.type_id, bench.workflow_id, instance, json.dumps(DATA), bench.user_id, now, now),
        )
        task = _raw_task(raw, bench, bench.first_task_id, instance, now)
        raw.execute(
            "UPDATE workflows_workflowinstance SET current_task_id = %s WHERE id = %s",
            (task, instance),
        )
        _raw_events(raw, submit_events(bench), instance, task, now)
        _raw_entry(raw, ticket, "ticket", DATA)
        _raw_notices(raw, [_given(bench, task, "Check")], ticket, now)
    return task


def raw_complete(bench: Bench, task_id: int) -> None:
    """Lock, task, next task, instance, events."""
    raw = _raw(bench)
    now = timezone.now()
    with raw.transaction():
        instance = _id(
            raw,
            "SELECT i.id FROM workflows_workflowinstance i JOIN workflows_taskinstance t"
            " ON t.workflow_instance_id = i.id WHERE t.id = %s FOR NO KEY UPDATE OF i",
            (task_id,),
        )
        ticket = _id(
            raw, "SELECT id FROM tickets_ticket WHERE workflow_instance_id = %s", (instance,)
        )
        raw.execute(
            "UPDATE workflows_taskinstance SET status = 'COMPLETED', output_data = %s,"
            " started_at = %s, completed_at = %s WHERE id = %s",
            (json.dumps(OUTPUT), now, now, task_id),
        )
        task = _raw_task(raw, bench, bench.second_task_id, instance, now)
        raw.execute(
            "UPDATE workflows_workflowinstance SET current_task_id = %s, data = %s,"
            " updated_at = %s WHERE id = %s",
            (task, json.dumps({"check": OUTPUT}), now, instance),
        )
        _raw_events(raw, complete_events(bench), instance, task, now)
        _raw_entry(raw, ticket, f"task/{task_id}", OUTPUT)
        _raw_notices(raw, [_given(bench, task, "Decide"), _moved_on(bench)], ticket, now)


def _raw_entry(raw: psycopg.Connection, ticket: int, source: str, said: JsonObject) -> None:
    """What a search finds of an answer."""
    text = _text_of(said)
    raw.execute(
        "INSERT INTO tickets_searchentry (ticket_id, source, found_by, text, places, plain, words)"
        " VALUES (%s, %s, 'TEAM', %s, '[]', %s, to_tsvector('simple', %s))",
        (ticket, source, text, text.lower(), text),
    )


def _raw_notices(raw: psycopg.Connection, notices: list[Told], ticket: int, now: datetime) -> None:
    values: list[Any] = []
    for recipient, kind, about in notices:
        values += [recipient, kind, ticket, json.dumps(about), now]
    rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(notices))
    raw.execute(
        "INSERT INTO tickets_notice (recipient_id, kind, ticket_id, about, created_at)"
        f" VALUES {rows}",
        values,
    )


def _given(bench: Bench, task: int, title: str) -> Told:
    """That a task waits for the worker."""
    return bench.worker_ids[0], str(TASK_GIVEN), {"task": task, "title": title}


def _moved_on(bench: Bench) -> Told:
    """That the first task is done, for the requester."""
    return bench.user_id, str(TICKET_MOVED), {"title": "Check"}


def _text_of(said: JsonObject) -> str:
    return " ".join(str(each) for each in said.values())


def _id(raw: psycopg.Connection, sql: str, values: tuple[Any, ...]) -> int:
    row = raw.execute(sql, values).fetchone()
    assert row is not None
    return int(row[0])


def _raw_task(
    raw: psycopg.Connection, bench: Bench, definition: int, instance: int, now: datetime
) -> int:
    return _id(
        raw,
        "INSERT INTO workflows_taskinstance (uuid, workflow_instance_id, definition_id, status,"
        " attempts, assigned_to_id, assigned_at, created_at)"
        " VALUES (%s, %s, %s, 'OPEN', 0, %s, %s, %s) RETURNING id",
        (uuid.uuid4(), instance, definition, bench.worker_ids[0], now, now),
    )


def _raw_events(
    raw: psycopg.Connection, events: list[Event], instance: int, task: int, now: datetime
) -> None:
    values: list[Any] = []
    for kind, is_of_task, data in events:
        values += [instance, task if is_of_task else None, str(kind), now, json.dumps(data)]
    rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(events))
    raw.execute(
        "INSERT INTO workflows_workflowevent (workflow_instance_id, task_instance_id, kind, at,"
        f" data) VALUES {rows}",
        values,
    )


# The plain ORM: what one writes who follows Django's tutorial, create() and save() for each row.


def orm_submit(bench: Bench, *, data: JsonObject = DATA, user_id: int | None = None) -> int:
    """Ticket, instance, task, events; returns the task's id."""
    enter(bench)
    now = timezone.now()
    with transaction.atomic():
        instance = WorkflowInstance.objects.create(workflow_id=bench.workflow_id)
        ticket = Ticket.objects.create(
            title="Bench",
            definition_id=bench.type_id,
            workflow_id=bench.workflow_id,
            workflow_instance=instance,
            data=data,
            created_by_id=user_id or bench.user_id,
        )
        task = _orm_task(bench, bench.first_task_id, instance, now)
        instance.start(now=now)
        instance.current_task = task
        instance.save()
        _orm_events(submit_events(bench), instance, task, now)
        _orm_entry(ticket.pk, "ticket", data)
        _orm_notices([_given(bench, task.pk, "Check")], ticket)
    return task.pk


def orm_complete(bench: Bench, task_id: int, *, output: JsonObject = OUTPUT) -> None:
    """Lock, task, next task, instance, events."""
    enter(bench)
    now = timezone.now()
    with transaction.atomic():
        task = TaskInstance.objects.get(pk=task_id)
        instance = WorkflowInstance.objects.select_for_update(no_key=True).get(
            pk=task.workflow_instance_id
        )
        task.complete(output=output, now=now)
        task.save()
        following = _orm_task(bench, bench.second_task_id, instance, now)
        instance.current_task = following
        instance.data = {"check": output}
        instance.save()
        _orm_events(complete_events(bench), instance, following, now)
        ticket = Ticket.objects.get(workflow_instance=instance)
        _orm_entry(ticket.pk, f"task/{task_id}", output)
        _orm_notices([_given(bench, following.pk, "Decide"), _moved_on(bench)], ticket)


def _orm_entry(ticket: int, source: str, said: JsonObject) -> None:
    """What a search finds of an answer."""
    text = _text_of(said)
    SearchEntry.objects.create(
        ticket_id=ticket,
        source=source,
        found_by=FoundBy.TEAM,
        text=text,
        plain=text.lower(),
        words=SearchVector(Value(text), config="simple"),
    )


def _orm_notices(notices: list[Told], ticket: Ticket) -> None:
    for recipient, kind, about in notices:
        Notice.objects.create(recipient_id=recipient, kind=kind, ticket=ticket, about=about)


def _orm_task(
    bench: Bench, definition: int, instance: WorkflowInstance, now: datetime
) -> TaskInstance:
    task = TaskInstance(workflow_instance=instance, definition_id=definition)
    task.assign(to=user_of(bench.worker_ids[0]), now=now)
    task.save()
    return task


def _orm_events(
    events: list[Event], instance: WorkflowInstance, task: TaskInstance, now: datetime
) -> None:
    for kind, is_of_task, data in events:
        WorkflowEvent.objects.create(
            workflow_instance=instance,
            task_instance=task if is_of_task else None,
            kind=kind,
            at=now,
            data=data,
        )
