"""A database of its own with a company, a workflow of two tasks, and people."""

from __future__ import annotations

import os
from dataclasses import dataclass

import django

from workflows.engine.process import JsonObject


def start_django() -> None:
    """Settings as in production, on a database that is made anew and dropped at the end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    os.environ["TEST_DB_NAME"] = f"ticketflower_bench_{os.getpid()}"
    os.environ["LOG_LEVEL"] = "ERROR"
    django.setup()
    from django.conf import settings

    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]


@dataclass
class Bench:
    """What every scenario needs; `type_id` is the ticket type's."""

    company_id: int
    user_id: int
    worker_ids: list[int]
    type_id: int
    workflow_id: int
    first_task_id: int
    second_task_id: int


DOCUMENT: JsonObject = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {
        "key": "bench",
        "title": "Bench",
        "fields": [
            {"name": "amount", "label": "Amount", "type": "integer", "required": True},
            {"name": "reason", "label": "Reason", "type": "text", "required": True},
        ],
    },
    "tasks": [
        {
            "key": key,
            "title": key.title(),
            "fields": [
                {"name": "ok", "label": "OK?", "type": "boolean", "required": True},
                {"name": "note", "label": "Note", "type": "text"},
            ],
        }
        for key in ("check", "decide")
    ],
    "transitions": [
        {"from": "start", "to": "check"},
        {
            "from": "check",
            "to": "decide",
            "condition": {
                "and": [
                    {"===": [{"var": "tasks.check.ok"}, True]},
                    {">": [{"var": "ticket.amount"}, 10]},
                ]
            },
        },
        {"from": "check", "to": "end", "label": "too small", "priority": 1},
        {"from": "decide", "to": "end", "label": "decided"},
    ],
    "ticket_types": [{"key": "bench", "title": "Bench"}],
}
DATA: JsonObject = {"amount": 100, "reason": "Because"}
OUTPUT: JsonObject = {"ok": True, "note": "Fine"}


def make_company(schema_name: str = "bench", workers: int = 5) -> Bench:
    """A company whose people and workflow the scenarios use."""
    from tenants.connection import work_in, work_in_public
    from tenants.roles import SystemRole
    from tenants.services import create_company, create_person
    from tickets.models import TicketDefinition
    from tickets.services import import_bundle, publish_workflow

    work_in_public()
    company = create_company(name=schema_name.title(), schema_name=schema_name)
    user = create_person(
        company=company,
        email=f"user@{schema_name}.example",
        password=None,
        roles=[SystemRole.USER, SystemRole.TASK_WORKER],
        is_available=False,
    )
    worker_ids = [
        create_person(
            company=company,
            email=f"worker{number}@{schema_name}.example",
            password=None,
            roles=[SystemRole.TASK_WORKER],
        ).pk
        for number in range(workers)
    ]
    work_in(company)
    workflow = publish_workflow(workflow=import_bundle(document=DOCUMENT, user=user), user=user)
    tasks = {task.key: task.pk for task in workflow.tasks.all()}
    return Bench(
        company_id=company.pk,
        user_id=user.pk,
        worker_ids=worker_ids,
        type_id=TicketDefinition.objects.active().get().pk,
        workflow_id=workflow.pk,
        first_task_id=tasks["check"],
        second_task_id=tasks["decide"],
    )


def fill(bench: Bench, tickets: int) -> None:
    """Add finished tickets until there are so many; each has a task and two events."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_ticket")
        missing = tickets - cursor.fetchone()[0]
        if missing <= 0:
            return
        cursor.execute(
            """
            WITH instances AS (
                INSERT INTO workflows_workflowinstance (uuid, workflow_id, data, status, end_label,
                    created_at, updated_at, started_at, completed_at)
                SELECT gen_random_uuid(), %(workflow)s, '{"check": {"ok": true}}', 'COMPLETED',
                    'too small', now(), now(), now(), now()
                FROM generate_series(1, %(missing)s) RETURNING id
            ), tickets AS (
                INSERT INTO tickets_ticket (title, definition_id, workflow_id,
                    workflow_instance_id, data, created_by_id, created_at, updated_at)
                SELECT 'Bench', %(type)s, %(workflow)s, id,
                    '{"amount": 100, "reason": "Because"}', %(user)s, now(), now() FROM instances
            ), tasks AS (
                INSERT INTO workflows_taskinstance (uuid, workflow_instance_id, definition_id,
                    status, output_data, attempts, assigned_to_id, assigned_at, created_at,
                    started_at, completed_at)
                SELECT gen_random_uuid(), id, %(task)s, 'COMPLETED', '{"ok": true}', 0,
                    (%(workers)s::bigint[])[1 + id %% %(worker_count)s], now(), now(), now(), now()
                FROM instances RETURNING id, workflow_instance_id
            )
            INSERT INTO workflows_workflowevent (workflow_instance_id, task_instance_id, kind, at,
                data)
            SELECT workflow_instance_id, id, kind, now(), '{}'
            FROM tasks, unnest(ARRAY['ASSIGNED', 'TASK_COMPLETED']) AS kind
            """,
            {
                "missing": missing,
                "workflow": bench.workflow_id,
                "type": bench.type_id,
                "user": bench.user_id,
                "task": bench.first_task_id,
                "workers": bench.worker_ids,
                "worker_count": len(bench.worker_ids),
            },
        )
        cursor.execute("ANALYZE")
