"""What the tests of described processes stand on: one definition, its people, and a clock to move.

The definitions stand beside this file as a business would write them down. Each test drives
tickets through the services that the pages call, and what comes by itself as the worker does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.advancing import reminding, timers, waiting
from tickets.files.keep_file import keep_file
from tickets.health.company import company_findings
from tickets.health.histories import history_findings
from tickets.job_names import END_WAIT, FIRE_TIMER, REMIND
from tickets.models import Notice, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import canonical, check_bundle
from workflows.bundles.document.canonical import as_text
from workflows.engine.process import JsonObject, objects_in
from workflows.errors import InvalidDataError
from workflows.models import (
    BusinessCalendar,
    CompanyRole,
    TaskInstance,
    TicketDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.models.task_instance import UNFINISHED
from workflows.running.definition_cache import forget_definitions
from workflows.workbooks import FileType, read_document, write_document

FOLDER: Final = Path(__file__).parent
ABOUT_TIMES: Final = ("TASK_REMINDER", "TICKET_REMINDER", "TASK_LATE")
YES: Final[JsonObject] = {"vote": "approve"}
_RUN: Final[Mapping[str, Callable[..., None]]] = {
    FIRE_TIMER: timers.fire_timer,
    REMIND: reminding.remind,
    END_WAIT: waiting.end_wait,
}


def described(name: str) -> JsonObject:
    """The definition in `<name>.yaml`, which must be in order."""
    reading = read_document((FOLDER / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    assert isinstance(reading.document, dict), reading
    return reading.document


class DescribedCase(CompanyTestCase):
    """`document` is the definition, `members` are the people of its company roles by first name.

    `managers` and `deputies` are {whose: who}. Uma asks; the others do tasks.
    """

    name: ClassVar[str]
    zone: ClassVar[str] = "UTC"
    begins: ClassVar[datetime] = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
    members: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    managers: ClassVar[Mapping[str, str]] = {}
    deputies: ClassVar[Mapping[str, str]] = {}
    people: ClassVar[dict[str, User]]
    definition: ClassVar[TicketDefinition]
    document: ClassVar[JsonObject]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.addClassCleanup(forget_definitions)
        BusinessCalendar.objects.create(time_zone=cls.zone, week=[[[540, 1020]]] * 5 + [[], []])
        cls.document = described(cls.name)
        with mock.patch("django.utils.timezone.now", return_value=cls.begins - timedelta(hours=2)):
            workflow = import_bundle(document=cls.document, user=cls.carla)
            if any(each.get("starts") for each in objects_in(cls.document["ticket_types"])):
                cls().give_role(cls.carla, SystemRole.USER)  # it starts on her behalf
            publish_workflow(workflow=workflow, user=cls.carla)
        cls.definition = TicketDefinition.objects.get(workflow=workflow, is_active=True)
        cls.people = {"uma": cls.uma}
        for role, names in cls.members.items():
            found = CompanyRole.objects.get(name=role)
            found.members.set([cls._person(each) for each in names])
        for field, pairs in (("manager", cls.managers), ("deputy", cls.deputies)):
            for whose, who in pairs.items():
                User.objects.filter(pk=cls._person(whose).pk).update(**{field: cls._person(who)})

    @classmethod
    def _person(cls, name: str) -> User:
        if name not in cls.people:
            person = User.objects.create_user(
                email=f"{name}@acme.example", first_name=name.title(), company=cls.acme
            )
            for role in (SystemRole.TASK_WORKER, SystemRole.USER):
                cls().give_role(person, role)
            cls.people[name] = person
        return cls.people[name]

    def setUp(self) -> None:
        super().setUp()
        self.now = self.begins
        self.enterContext(mock.patch("django.utils.timezone.now", self.clock))
        Notice.objects.all().delete()

    def clock(self) -> datetime:
        return self.now

    # What people do

    def submit(self, data: JsonObject, *, by: str = "uma") -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(definition=self.definition, data=data, user=self.people[by])

    def refused(self, act: Callable[[], Any]) -> list[str]:
        """The questions beside which the form says that it cannot be taken."""
        with self.assertRaises(InvalidDataError) as caught:
            act()
        return [each.field for each in caught.exception.problems]

    def upload(self, name: str, *, by: str = "uma") -> JsonObject:
        return keep_file(file=SimpleUploadedFile(name, b"%PDF-1.4"), user=self.people[by])

    def do(
        self,
        ticket: Ticket,
        key: str,
        output: JsonObject | None = None,
        *,
        changes: JsonObject | None = None,
    ) -> str:
        """The open task of this key is done by whoever has it; returns the person's name."""
        task = self.task(ticket, key)
        worker = task.assigned_to
        assert worker is not None, f"nobody has {task}"
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(
                task=task, output=output or {}, user=worker, changes=changes, now=self.now
            )
        return worker.first_name.lower()

    # What comes by itself

    def jobs(self) -> list[ProcrastinateJob]:
        """The next first."""
        found = ProcrastinateJob.objects.filter(task_name__in=_RUN, status="todo")
        return sorted(found, key=lambda each: (_due(each), each.pk))

    def times(self, name: str = REMIND) -> list[datetime]:
        return [_due(each) for each in self.jobs() if each.task_name == name]

    def wait_until(self, moment: datetime) -> None:
        """Move the clock; on the way the worker does each job when it is due."""
        while (jobs := self.jobs()) and _due(jobs[0]) <= moment:
            job = jobs[0]
            self.now = max(self.now, _due(job))
            arguments = {name: value for name, value in job.args.items() if name != "schema"}
            with self.captureOnCommitCallbacks(execute=True):
                _RUN[job.task_name](now=self.now, **arguments)
            ProcrastinateJob.objects.filter(pk=job.pk, status="todo").delete()
        self.now = max(self.now, moment)

    # What is there then

    def task(self, ticket: Ticket, key: str) -> TaskInstance:
        """The unfinished one, of several votes the first that somebody has."""
        tasks = TaskInstance.objects.filter(
            workflow_instance__ticket=ticket, definition__key=key, status__in=UNFINISHED
        )
        found = tasks.select_related("definition", "assigned_to").order_by("pk").first()
        assert found is not None, f"{key} is not open: {self.open(ticket)}"
        return found

    def open(self, ticket: Ticket) -> dict[str, str]:
        """{key: who has it}, of the forms that are to be done."""
        tasks = TaskInstance.objects.filter(
            workflow_instance__ticket=ticket,
            status__in=UNFINISHED,
            definition__task_type__in=("FORM", "VOTE"),
        )
        rows = tasks.order_by("pk").values_list("definition__key", "assigned_to__first_name")
        return {key: str(name or "").lower() for key, name in rows}

    def instance(self, ticket: Ticket) -> WorkflowInstance:
        return WorkflowInstance.objects.get(ticket=ticket)

    def ended(self, ticket: Ticket) -> tuple[str, str]:
        found = self.instance(ticket)
        return str(found.status), found.end_label

    def told(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and first name, of the notices that are about times."""
        rows = Notice.objects.filter(kind__in=kinds or ABOUT_TIMES).order_by("pk")
        return [(each.kind, each.recipient.first_name.lower()) for each in rows]

    def events(self, ticket: Ticket, kind: str) -> list[WorkflowEvent]:
        events = WorkflowEvent.objects.filter(workflow_instance__ticket=ticket, kind=kind)
        return list(events.order_by("pk"))

    def assert_sound(self) -> None:
        """The history leads to what is stored and vouches for it; the doctor finds nothing."""
        found = [*history_findings(after=0)[0], *company_findings()]
        self.assertEqual([each.message for each in found], [])

    def assert_in_order(self, warned: str | None = None) -> None:
        """Nothing is found in the definition, a workbook keeps it, and its page shows it.

        `warned` stands in the warnings that are meant.
        """
        found = [
            (str(each.where), each.message)
            for each in check_bundle(self.document)
            if each.is_error or warned is None or warned not in each.message
        ]
        self.assertEqual(found, [])
        workflow = self.definition.workflow
        kept = export_bundle(workflow=workflow)
        reading = read_document(write_document(kept, FileType.XLSX), "file.xlsx")
        assert isinstance(reading.document, dict)
        self.assertEqual(as_text(canonical(reading.document)), as_text(kept))
        self.log_in(self.carla)
        page = reverse("admin:workflows_workflowdefinition_change", args=[workflow.pk])
        self.assertContains(self.client.get(page), workflow.title)


def _due(job: ProcrastinateJob) -> datetime:
    return datetime.fromisoformat(str(job.args.get("due") or job.args["until"]))
