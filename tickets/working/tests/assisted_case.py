"""A process whose task is offered to an assistant, and the assistant."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from tenants.mcp.tests.assistant import Assistant
from tenants.models import User
from tenants.services import set_system_roles
from tenants.testing import CompanyTestCase
from tickets.advancing.offers import end_offer_in_time
from tickets.health import company_findings
from tickets.models import AssistantOffer, Notice, Ticket
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TicketDefinition, WorkflowEvent
from workflows.people.service_accounts import add_account
from workflows.running.definition_cache import forget_definitions

BOT: Final = "Invoice bot"
GOOD: Final[JsonObject] = {"total": 12}


def invoices(assistant: JsonObject | None, **more: Any) -> JsonObject:
    """A process of one task, which is offered so; afterwards somebody files it."""
    offered = {} if assistant is None else {"assistant": assistant}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "invoices",
            "title": "Invoices",
            "fields": [{"name": "note", "label": "Note", "type": "text"}],
        },
        "tasks": [
            {
                "key": "read",
                "title": "Read the invoice",
                "fields": [
                    {"name": "total", "label": "Total", "type": "integer", "required": True},
                    {"name": "remark", "label": "Remark", "type": "text"},
                ],
                **offered,
                **more,
            },
            {"key": "file", "title": "File it", "fields": [{"name": "ok", "type": "boolean"}]},
        ],
        "transitions": [
            {"from": "start", "to": "read"},
            {"from": "read", "to": "file"},
            {"from": "file", "to": "end"},
        ],
        "ticket_types": [{"key": "invoice", "title": "Invoice"}],
    }


class AssistedCase(CompanyTestCase):
    """Wendy alone works; a service account with a token of an assistant is there."""

    def set_up_once(self) -> None:
        set_system_roles(user=self.walt, roles=[])
        self.account = self.add_bot(BOT)
        self.publish({"account": BOT, "minutes": 30})

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(forget_definitions)
        self.bot = Assistant(self.account)

    def add_bot(self, name: str) -> User:
        account = add_account(
            name=name, roles=[], company_roles=[], by=self.alice, now=timezone.now()
        )
        Assistant(account)
        return account

    def publish(self, assistant: JsonObject | None, **more: Any) -> None:
        workflow = import_bundle(document=invoices(assistant, **more), user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        forget_definitions()

    def submit(self) -> TaskInstance:
        definition = TicketDefinition.objects.get(key="invoice", is_active=True)
        ticket = submit_ticket(definition=definition, data={"note": "March"}, user=self.uma)
        return self.task_of(ticket)

    def task_of(self, ticket: Ticket, key: str = "read") -> TaskInstance:
        tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id)
        return tasks.select_related("definition", "workflow_instance").get(definition__key=key)

    def offer(self, task: TaskInstance) -> AssistantOffer:
        return AssistantOffer.objects.get(task=task)

    def events(self, task: TaskInstance) -> list[str]:
        events = WorkflowEvent.objects.filter(task_instance=task).order_by("pk")
        return [f"{each.kind} {each.data.get('why', '')}".strip() for each in events]

    def told(self) -> list[tuple[str, str]]:
        rows = Notice.objects.filter(kind="ASSISTANT_ENDED").order_by("pk")
        return [(each.about["why"], each.recipient.first_name) for each in rows]

    def let_time_pass(self, task: TaskInstance) -> None:
        offer = self.offer(task)
        end_offer_in_time(
            ticket_id=task.workflow_instance.ticket.pk,
            task_id=task.pk,
            until=offer.until.isoformat(),
            now=offer.until,
        )

    def ensure_sound(self, task: TaskInstance) -> None:
        self.assertEqual(broken_invariants(task.workflow_instance.ticket), [])
        self.assertEqual(company_findings(), [])
