"""The demo company: who works there, and what has been going on.

Everything is made once and then left alone, so that loading the demo again never takes
back what somebody did in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django_tenants.utils import get_public_schema_name, schema_context, tenant_context

from tenants.audit.acting import acting_as, command
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.services import create_company, create_person
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket as submit
from tickets.working.complete_task import complete_task, start_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import read_bundle_file
from workflows.engine.process import Json, JsonObject
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowDefinition

SCHEMA: Final = "demo"
COMPANY: Final = "Northwind Trading"
PASSWORD: Final = "ticketflower-demo"  # noqa: S105
ROOT: Final = "root@demo.example"
FIXTURES: Final = ("invoice", "vacation", "it_help")
USER: Final = "uma.user"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo company; the log-in is `name`@demo.example."""

    name: str
    first_name: str
    last_name: str
    roles: tuple[SystemRole, ...]
    company_roles: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.name}@demo.example"


_WORKER: Final = (SystemRole.TASK_WORKER, SystemRole.USER)
PEOPLE: Final = (
    Person("admin", "Ada", "Adler", (SystemRole.ADMIN,)),
    Person("carla.creator", "Carla", "Creator", (SystemRole.WORKFLOW_CREATOR,)),
    Person("terry.tickets", "Terry", "Tickets", (SystemRole.TICKET_ADMIN,)),
    Person(USER, "Uma", "User", (SystemRole.USER,)),
    Person("wendy.worker", "Wendy", "Worker", _WORKER, ("Approver", "Vacation Approver")),
    Person("walt.worker", "Walt", "Worker", _WORKER, ("Accountant",)),
    Person("tina.team", "Tina", "Team", _WORKER, ("Team Assistant", "IT Help Desk")),
    Person("ivan.it", "Ivan", "Ito", _WORKER, ("IT Technician",)),
    Person("mona.manager", "Mona", "Manager", _WORKER, ("IT Manager", "Approver")),
)


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket, and what its workers answered so far; `is_started`: the next one has begun."""

    ticket_type: str
    title: str
    data: Mapping[str, str | int | float]
    answers: tuple[JsonObject, ...] = ()
    is_started: bool = False


STORIES: Final = (
    Story(
        "vacation",
        "Ten days on the north coast",
        {"location": "Jamaica", "season": "Summer", "activities": "Wild Life"},
        ({"approved": "approved", "explanation": "Interesting Activity"},),
    ),
    Story(
        "it_help",
        "The scanner sends nothing",
        {
            "topic": "hardware",
            "priority": "low",
            "summary": "Scans to e-mail do not arrive",
            "device": "Scanner 12, second floor",
        },
        (
            {
                "outcome": "answered",
                "answer": "The mail server was being moved. Scanning works again since noon.",
            },
        ),
    ),
    Story(
        "invoice",
        "Paper and toner, October",
        {
            "creditor": "Bennett Office Supplies",
            "amount": 86.4,
            "invoice_number": "BO-4471",
            "category": "Misc",
        },
    ),
    Story(
        "invoice",
        "Licences for the design team",
        {
            "creditor": "Papier & Pixel GmbH",
            "amount": 900,
            "invoice_number": "PSA-70",
            "category": "Software License Costs",
        },
        ({"approved": True, "comment": "As ordered in September."},),
        is_started=True,
    ),
    Story(
        "invoice",
        "Train to the trade fair",
        {
            "creditor": "Nordbahn",
            "amount": 148.5,
            "invoice_number": "NB-2210",
            "category": "Travel Expenses",
        },
        ({"approved": False, "comment": "Two seats, but one of us went. Please ask them."},),
    ),
    Story(
        # The call that archives it waits for the worker.
        "invoice",
        "Office rent, November",
        {
            "creditor": "Harbour Estates Ltd.",
            "amount": 2150,
            "invoice_number": "HE-2026-11",
            "category": "Misc",
        },
        ({"approved": True}, {"transfer_reference": "TR-1107"}),
    ),
    Story(
        "vacation",
        "A week of skiing",
        {"location": "Florida", "season": "Winter", "activities": "Skiing"},
    ),
    Story(
        "it_outage",
        "Nobody on the first floor is online",
        {"topic": "network", "summary": "No network on the first floor"},
        is_started=True,
    ),
    Story(
        "it_help",
        "A second screen",
        {
            "topic": "hardware",
            "priority": "normal",
            "summary": "I would like a second screen",
            "details": "For comparing orders with invoices.",
        },
        ({"outcome": "technician", "note": "There are two spare ones in the cellar."},),
    ),
)


def load_demo() -> Company:
    """Make the demo company with its people, processes and tickets, where they are not there.

    Raises:
        EmailInUseError: somebody of another company has one of the log-ins.
    """
    with acting_as(command("load_demo")), schema_context(get_public_schema_name()):
        company = _company()
        if not User.objects.filter(email=ROOT).exists():
            User.objects.create_superuser(ROOT, PASSWORD, first_name="Rosa", last_name="Root")
    with acting_as(command("load_demo")), tenant_context(company):
        for name in FIXTURES:
            _process(name)
        if not Ticket.objects.exists():
            for story in STORIES:
                _play(story)
    return company


@transaction.atomic
def _company() -> Company:
    """The company with all of its people."""
    company = Company.objects.filter(schema_name=SCHEMA).first()
    if company is None:
        company = create_company(name=COMPANY, schema_name=SCHEMA)
    for each in PEOPLE:
        if not User.objects.filter(email=each.email, company=company).exists():
            create_person(
                company=company,
                email=each.email,
                password=PASSWORD,
                first_name=each.first_name,
                last_name=each.last_name,
                roles=each.roles,
            )
    return company


@transaction.atomic
def _process(name: str) -> None:
    """Import and publish a process that was never there, and give its roles their members."""
    document = read_bundle_file(settings.BASE_DIR / "fixtures" / f"{name}.json")
    creator = _person("carla.creator")
    key = _workflow_key(document)
    if WorkflowDefinition.objects.versions_of(key).exists():
        return
    workflow = publish_workflow(
        workflow=import_bundle(document=document, user=creator), user=creator
    )
    for role in CompanyRole.objects.filter(task_definitions__workflow=workflow).distinct():
        role.members.add(
            *(_person(each.name) for each in PEOPLE if role.name in each.company_roles)
        )


def _workflow_key(document: Json) -> str:
    workflow = document.get("workflow") if isinstance(document, dict) else None
    return str(workflow.get("key")) if isinstance(workflow, dict) else ""


def _play(story: Story) -> None:
    definition = TicketDefinition.objects.active().get(key=story.ticket_type)
    ticket = submit(
        definition=definition, data=dict(story.data), user=_person(USER), title=story.title
    )
    for output in story.answers:
        task = _current_task(ticket)
        if task is not None and task.assigned_to is not None:
            complete_task(task=task, output=output, user=task.assigned_to)
    task = _current_task(ticket)
    if story.is_started and task is not None and task.assigned_to is not None:
        start_task(task=task, user=task.assigned_to)


def _current_task(ticket: Ticket) -> TaskInstance | None:
    unfinished = TaskInstance.objects.unfinished().filter(workflow_instance__ticket=ticket)
    return unfinished.select_related("assigned_to").first()


def _person(name: str) -> User:
    person: User = User.objects.get(email=f"{name}@demo.example")
    return person
