"""The same rows, written by raw psycopg and by the plain ORM: what a step costs at least."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.setup import DATA, OUTPUT, Bench
from tenants.jobs import defer, take_away
from tickets.models import Ticket
from workflows.models import TaskInstance, WorkflowEvent, WorkflowInstance

ADVANCE = "tickets.jobs.advance"


def _run(cursor: Any, sql: str, values: tuple[Any, ...]) -> Any:
    cursor.execute(sql, values, prepare=True)
    return cursor.fetchone() if cursor.description else None


def raw_submit(bench: Bench) -> int:
    """Ticket, instance, task, event and job in one transaction; returns the task's id."""
    connection.ensure_connection()
    now = timezone.now()
    with transaction.atomic():
        raw = connection.connection.cursor()
        (instance,) = _run(
            raw,
            "INSERT INTO workflows_workflowinstance (uuid, workflow_id, data, status, end_label,"
            " created_at, updated_at, started_at)"
            " VALUES (%s, %s, '{}', 'IN_PROGRESS', '', %s, %s, %s) RETURNING id",
            (uuid.uuid4(), bench.workflow_id, now, now, now),
        )
        (ticket,) = _run(
            raw,
            "INSERT INTO tickets_ticket (title, definition_id, workflow_id, workflow_instance_id,"
            " data, created_by_id, created_at, updated_at)"
            " VALUES ('Bench', %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (bench.type_id, bench.workflow_id, instance, json.dumps(DATA), bench.user_id, now, now),
        )
        task = _raw_task(raw, bench.first_task_id, instance, bench.worker_ids[0])
        _run(
            raw,
            "UPDATE workflows_workflowinstance SET current_task_id = %s WHERE id = %s",
            (task, instance),
        )
        _raw_event(raw, instance, task, "MOVED")
        _raw_job(raw, ticket)
    return int(task)


def raw_complete(bench: Bench, task_id: int) -> None:
    """Lock, task, next task, instance, event: one transaction."""
    now = timezone.now()
    with transaction.atomic():
        raw = connection.connection.cursor()
        (instance,) = _run(
            raw,
            "SELECT i.id FROM workflows_workflowinstance i JOIN workflows_taskinstance t"
            " ON t.workflow_instance_id = i.id WHERE t.id = %s FOR NO KEY UPDATE OF i",
            (task_id,),
        )
        _run(
            raw,
            "UPDATE workflows_taskinstance SET status = 'COMPLETED', output_data = %s,"
            " started_at = %s, completed_at = %s WHERE id = %s",
            (json.dumps(OUTPUT), now, now, task_id),
        )
        task = _raw_task(raw, bench.second_task_id, instance, bench.worker_ids[0])
        _run(
            raw,
            "UPDATE workflows_workflowinstance SET current_task_id = %s, data = %s,"
            " updated_at = %s WHERE id = %s",
            (task, json.dumps({"check": OUTPUT}), now, instance),
        )
        _raw_event(raw, instance, task, "MOVED")


def _raw_task(raw: Any, definition: int, instance: int, worker: int) -> int:
    now = timezone.now()
    (task,) = _run(
        raw,
        "INSERT INTO workflows_taskinstance (uuid, workflow_instance_id, definition_id, status,"
        " attempts, assigned_to_id, assigned_at, created_at)"
        " VALUES (%s, %s, %s, 'OPEN', 0, %s, %s, %s) RETURNING id",
        (uuid.uuid4(), instance, definition, worker, now, now),
    )
    return int(task)


def _raw_event(raw: Any, instance: int, task: int, kind: str) -> None:
    _run(
        raw,
        "INSERT INTO workflows_workflowevent (workflow_instance_id, task_instance_id, kind, at,"
        " data) VALUES (%s, %s, %s, %s, '{}')",
        (instance, task, kind, timezone.now()),
    )


def _raw_job(raw: Any, ticket: int) -> None:
    _run(
        raw,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status,"
        " scheduled_at) VALUES ('default', %s, 0, %s, 'todo', now() + interval '1 hour')",
        (ADVANCE, json.dumps({"schema": "bench", "ticket_id": ticket})),
    )


def orm_submit(bench: Bench) -> int:
    """The same rows by plain Django: create() for each."""
    with transaction.atomic():
        instance = WorkflowInstance.objects.create(workflow_id=bench.workflow_id)
        ticket = Ticket.objects.create(
            title="Bench",
            definition_id=bench.type_id,
            workflow_id=bench.workflow_id,
            workflow_instance=instance,
            data=DATA,
            created_by_id=bench.user_id,
        )
        task = _orm_task(bench.first_task_id, instance, bench.worker_ids[0])
        instance.start(now=timezone.now())
        instance.current_task = task
        instance.save()
        WorkflowEvent.objects.create(workflow_instance=instance, task_instance=task, kind="MOVED")
        take_away(defer(ADVANCE, after_seconds=3600, ticket_id=ticket.pk))
    return task.pk


def orm_complete(bench: Bench, task_id: int) -> None:
    """The same rows by plain Django: get(), save() and create()."""
    with transaction.atomic():
        task = TaskInstance.objects.get(pk=task_id)
        instance = WorkflowInstance.objects.select_for_update(no_key=True).get(
            pk=task.workflow_instance_id
        )
        task.complete(output=OUTPUT, now=timezone.now())
        task.save()
        following = _orm_task(bench.second_task_id, instance, bench.worker_ids[0])
        instance.current_task = following
        instance.data = {"check": OUTPUT}
        instance.save()
        WorkflowEvent.objects.create(
            workflow_instance=instance, task_instance=following, kind="MOVED"
        )


def _orm_task(definition: int, instance: WorkflowInstance, worker: int) -> TaskInstance:
    task = TaskInstance(
        workflow_instance=instance, definition_id=definition, assigned_at=timezone.now()
    )
    task.assigned_to_id = worker
    task.save()
    return task
