"""A database of its own with companies, a workflow of two tasks, and people."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import django

from workflows.engine.process import JsonObject

if TYPE_CHECKING:
    from tenants.models import Company


def start_django() -> None:
    """Settings as in production, on a database that is made anew and dropped at the end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    os.environ["TEST_DB_NAME"] = f"ticketflower_bench_{os.getpid()}"
    os.environ.setdefault("DJANGO_SECRET_KEY", secrets.token_hex())
    os.environ |= {"LOG_LEVEL": "ERROR", "DEBUG": "0", "DEMO": "0", "HTTPS": "0"}
    os.environ["ALLOWED_HOSTS"] = "127.0.0.1"
    django.setup()


@dataclass(frozen=True)
class Bench:
    """A company, with what every scenario needs of it; `type_id` is the ticket type's."""

    company_id: int
    schema_name: str
    user_id: int
    worker_ids: tuple[int, ...]
    worker_email: str
    type_id: int
    workflow_id: int
    first_task_id: int
    second_task_id: int


CONDITION: JsonObject = {
    "and": [
        {"===": [{"var": "tasks.check.ok"}, True]},
        {">": [{"var": "ticket.amount"}, 10]},
    ]
}
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
        {"from": "check", "to": "decide", "condition": CONDITION},
        {"from": "check", "to": "end", "label": "too small", "priority": 1},
        {"from": "decide", "to": "end", "label": "decided"},
    ],
    "ticket_types": [{"key": "bench", "title": "Bench"}],
}
DATA: JsonObject = {"amount": 100, "reason": "Because"}
OUTPUT: JsonObject = {"ok": True, "note": "Fine"}


def make_company(schema_name: str, workers: int = 5) -> Bench:
    """A company with people, who have no passwords, and a published workflow."""
    from tenants.connection import use_company, use_public
    from tenants.roles import SystemRole
    from tenants.services import create_company, create_person
    from workflows.authoring.importing.import_bundle import import_bundle
    from workflows.authoring.publishing.publish_workflow import publish_workflow
    from workflows.models import TicketDefinition

    use_public()
    company = create_company(name=schema_name.title(), schema_name=schema_name)
    user = create_person(
        company=company,
        email=f"user@{schema_name}.example",
        password=None,
        roles=[SystemRole.USER, SystemRole.WORKFLOW_CREATOR],
    )
    task_workers = [
        create_person(
            company=company,
            email=f"worker{number}@{schema_name}.example",
            password=None,
            roles=[SystemRole.TASK_WORKER],
        )
        for number in range(workers)
    ]
    use_company(company)
    workflow = publish_workflow(workflow=import_bundle(document=DOCUMENT, user=user), user=user)
    tasks = {task.key: task.pk for task in workflow.tasks.all()}
    return Bench(
        company_id=company.pk,
        schema_name=schema_name,
        user_id=user.pk,
        worker_ids=tuple(each.pk for each in task_workers),
        worker_email=task_workers[0].email,
        type_id=TicketDefinition.objects.active().get().pk,
        workflow_id=workflow.pk,
        first_task_id=tasks["check"],
        second_task_id=tasks["decide"],
    )


def enter(bench: Bench) -> None:
    """Let the queries that follow go to the company; costs a SET where it was another one."""
    from tenants.connection import current_schema, use_company

    if current_schema() != bench.schema_name:
        use_company(_company(bench.company_id))


@cache
def _company(pk: int) -> Company:
    from tenants.connection import PUBLIC, company_of
    from tenants.models import Company

    with company_of(PUBLIC):  # inside another one it is not there
        found: Company = Company.objects.get(pk=pk)
    return found
