"""A loan: something is handed out, comes back, and is late; the clock is moved, nothing sleeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTestCase
from tickets.advancing import reminding, timers, waiting
from tickets.advancing.advance_ticket import advance_ticket
from tickets.job_names import END_WAIT, FIRE_TIMER, REMIND
from tickets.models import Notice, Ticket
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.models import BusinessCalendar, CompanyRole, TaskInstance, TicketDefinition
from workflows.running.definition_cache import forget_definitions

MONDAY: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_RUN: Final[Mapping[str, Callable[..., None]]] = {
    FIRE_TIMER: timers.fire_timer,
    REMIND: reminding.remind,
    END_WAIT: waiting.end_wait,
}


def loan(task: JsonObject, *transitions: JsonObject, roles: tuple[str, ...] = ()) -> JsonObject:
    """A process of one task, which is `task`; afterwards somebody files it."""
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "loan",
            "title": "Loan",
            "fields": [
                {"name": "item", "label": "Item", "type": "text"},
                {"name": "until", "label": "Until", "type": "date"},
            ],
        },
        "tasks": [
            {"key": "back", "title": "Take it back", "fields": [{"name": "ok", "type": "boolean"}],
             **task},
            {"key": "file", "title": "File it", "fields": [{"name": "ok", "type": "boolean"}]},
        ],
        "transitions": [
            {"from": "start", "to": "back"},
            {"from": "back", "to": "file"},
            {"from": "file", "to": "end"},
            *transitions,
        ],
        "ticket_types": [{"key": "loan", "title": "Loan"}],
        "company_roles": [{"name": each} for each in roles],
    }  # fmt: skip


class TimesCase(CompanyTestCase):
    """Uma borrows; Wendy works, in the hours of an office, in UTC."""

    def setUp(self) -> None:
        super().setUp()
        BusinessCalendar.objects.create(time_zone="UTC", week=[[[540, 1020]]] * 5 + [[], []])
        self.addCleanup(forget_definitions)
        Notice.objects.all().delete()

    def publish(self, document: JsonObject) -> TicketDefinition:
        workflow = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        return TicketDefinition.objects.get(key="loan", is_active=True)

    def role(self, name: str, *members: Any) -> CompanyRole:
        role, _made = CompanyRole.objects.get_or_create(name=name)
        role.members.set(members)
        return role

    def submit(
        self, definition: TicketDefinition, *, until: str = "", now: datetime = MONDAY
    ) -> Ticket:
        data: JsonObject = {"item": "Beamer"}
        if until:
            data["until"] = until
        ticket = Ticket.objects.create(
            title="A beamer", definition=definition, workflow=definition.workflow, data=data,
            created_by=self.uma,
        )  # fmt: skip
        advance_ticket(ticket_id=ticket.pk, now=now)
        return Ticket.objects.get(pk=ticket.pk)

    def task(self, ticket: Ticket, key: str = "back") -> TaskInstance:
        tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id)
        return tasks.select_related("definition").get(definition__key=key)

    def jobs(self, name: str = REMIND) -> list[ProcrastinateJob]:
        found = ProcrastinateJob.objects.filter(task_name=name, status="todo")
        return sorted(found, key=lambda each: str(each.args.get("due") or each.args.get("until")))

    def times(self, name: str = REMIND) -> list[str]:
        """When they come: day and hour."""
        found = (each.args.get("due") or each.args["until"] for each in self.jobs(name))
        return [f"{datetime.fromisoformat(str(each)):%d %H:%M}" for each in found]

    def run_job(self, job: ProcrastinateJob, *, late: Any = None) -> None:
        """As the worker does, when it is due, or at `late`."""
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        moment = datetime.fromisoformat(str(arguments.get("due") or arguments["until"]))
        with self.captureOnCommitCallbacks(execute=True):
            _RUN[job.task_name](now=late or moment, **arguments)

    def told(self) -> list[tuple[str, str]]:
        """Kind and first name, of the notices that are about times."""
        kinds = ("TASK_REMINDER", "TICKET_REMINDER", "TASK_LATE", "TASK_OFFERED")
        rows = Notice.objects.filter(kind__in=kinds).order_by("pk")
        return [(each.kind, each.recipient.first_name) for each in rows]
