from __future__ import annotations

import gzip
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import ClassVar
from unittest import mock

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client, tag
from django.urls import reverse
from django_tenants.utils import schema_context

from tenants.connection import forget_search_path, use_public
from tenants.migrating.versions import has_pending_migrations
from tenants.models import User
from tenants.roles import ROLE_PERMISSIONS
from tenants.services import create_company
from tenants.testing_tools.databases import database_beside
from tenants.tests.test_provisioning import shape_of
from tickets.models import Ticket
from tickets.repairing.hold_ticket import resume_ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_run import continue_import
from workflows.models import (
    CompanyRole,
    ImportRun,
    ImportStatus,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
)

DUMP = Path(__file__).with_name("release_0_1_0.sql.gz")
DEMO = "demo"
# Filled by the release, and by nothing that a migration adds.
COUNTED = (
    "demo.tickets_ticket",
    "demo.tickets_ticketdefinition",
    "demo.tickets_ticketdefinition_roles_with_access",
    "demo.tickets_importrun",
    "demo.tickets_fileupload",
    "demo.workflows_workflowdefinition",
    "demo.workflows_taskdefinition",
    "demo.workflows_workflowinstance",
    "demo.workflows_taskinstance",
    "demo.workflows_workflowevent",
    "demo.workflows_companyrole_members",
    "demo.django_admin_log",
    "public.tenants_user",
    "public.tenants_user_groups",
    "public.procrastinate_jobs",
)
# These have no rows in the dump.
MAY_BE_EMPTY = {
    "demo.tickets_fileupload",
    "demo.tickets_ticketdefinition_roles_with_access",
}


@contextmanager
def database_of_the_release() -> Iterator[None]:
    """Let this process work on a database as the last release left it."""
    connection.close()
    try:
        with (
            database_beside("upgrade") as name,
            mock.patch.dict(connection.settings_dict, {"NAME": name}),
        ):
            with connection.cursor() as cursor:
                cursor.execute(gzip.decompress(DUMP.read_bytes()).decode())
            # The dump leaves a search_path behind that finds nothing.
            connection.close()
            try:
                yield
            finally:
                connection.close()
    finally:
        use_public()


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for table in COUNTED:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = int(cursor.fetchone()[0])
    return found


def add_look_alikes() -> None:
    """Roles and people that the release told apart, and nobody else can."""
    person = """
        INSERT INTO public.tenants_user (password, is_superuser, email, first_name, last_name,
            is_available, is_active, is_staff, date_joined, company_id)
        SELECT '', false, %s, 'Z', %s, true, true, false, now(), company_id
          FROM public.tenants_user WHERE email = 'uma.user@demo.example'
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO demo.workflows_companyrole (name, description) VALUES (%s, '')",
            ["Accoun\u00adtant"],
        )
        cursor.execute(person, ["uma\u200b.user@demo.example", "Zorn"])
        cursor.execute(person, ["zoe\u200b@demo.example", "Zed\u200b"])


@tag("companies")
class UpgradeTests(unittest.TestCase):
    """One database for all: loading and migrating it takes seconds."""

    SECONDS_EACH = 30.0

    before: ClassVar[dict[str, int]]
    after: ClassVar[dict[str, int]]
    type_of_types: ClassVar[int]
    told: ClassVar[list[str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(database_of_the_release())
        add_look_alikes()
        cls.before = counts()
        cls.type_of_types = cls.content_type_of("tickets", "ticketdefinition")
        use_public()
        with cls.assertLogs(cls(), level="WARNING") as logs:
            call_command("migrate_schemas", verbosity=0, stdout=StringIO())
        cls.told = logs.output
        ContentType.objects.clear_cache()
        use_public()
        cls.after = counts()

    @classmethod
    def content_type_of(cls, app: str, model: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM public.django_content_type WHERE app_label = %s AND model = %s",
                [app, model],
            )
            return int(cursor.fetchone()[0])

    def setUp(self) -> None:
        use_public()
        self.addCleanup(use_public)

    def person(self, name: str) -> User:
        person: User = User.objects.get(email=f"{name}@demo.example")
        return person

    def client_of(self, name: str) -> Client:
        client = Client()
        client.force_login(self.person(name))
        return client

    def test_every_row_is_still_there(self) -> None:
        empty = {table for table, count in self.before.items() if not count}
        self.assertLessEqual(empty, MAY_BE_EMPTY)
        self.assertEqual(self.after, self.before)
        self.assertFalse(has_pending_migrations())

    def test_roles_and_people_that_look_alike_are_kept_apart_and_told(self) -> None:
        with schema_context(DEMO):
            names = CompanyRole.objects.filter(name__startswith="Accountant")
            self.assertEqual(sorted(each.name for each in names), ["Accountant", "Accountant (2)"])
            self.assertEqual(CompanyRole.objects.named("ACCOUNTANT\u200b").get().name, "Accountant")
        self.assertTrue(User.objects.filter(email="zoe@demo.example", last_name="Zed").exists())
        self.assertEqual(User.objects.get(email="uma\u200b.user@demo.example").first_name, "Uma")
        told = "\n".join(self.told)
        self.assertIn("'Accountant (2)' now", told)
        self.assertIn("looks like that of somebody else", told)

    def test_models_that_moved_have_kept_their_content_type(self) -> None:
        for model in ("ticketdefinition", "importrun"):
            found = ContentType.objects.filter(model=model)
            self.assertEqual([each.app_label for each in found], ["workflows"])
            codes = Permission.objects.filter(content_type__in=found).values_list("codename")
            self.assertEqual(len(codes), len(set(codes)))
        moved = ContentType.objects.get(model="ticketdefinition")
        self.assertEqual(moved.pk, self.type_of_types)

    def test_every_role_has_its_permissions(self) -> None:
        for role, names in ROLE_PERMISSIONS.items():
            permissions = Group.objects.get(name=role).permissions.select_related("content_type")
            found = {f"{each.content_type.app_label}.{each.codename}" for each in permissions}
            self.assertEqual(found, set(names))

    def test_ticket_admins_of_the_release_see_definitions_now(self) -> None:
        terry = self.client_of("terry.tickets")
        for model in ("workflowdefinition", "taskdefinition", "ticketdefinition"):
            address = reverse(f"admin:workflows_{model}_changelist")
            self.assertEqual(terry.get(address).status_code, 200)
            self.assertIn(address, terry.get("/app/").content.decode())

    def test_the_log_still_says_whose_ticket_type_was_changed(self) -> None:
        with schema_context(DEMO):
            entry = LogEntry.objects.get(content_type__model="ticketdefinition")
            edited = entry.get_edited_object()
            self.assertIsInstance(edited, TicketDefinition)
            self.assertEqual(str(edited), entry.object_repr)
            history = reverse("admin:workflows_ticketdefinition_history", args=(edited.pk,))
        page = self.client_of("carla.creator").get(history)
        self.assertIn("Changed who may submit it.", page.content.decode())

    def test_an_upgraded_schema_equals_a_new_one(self) -> None:
        create_company(name="Brand New", schema_name="brand_new")
        upgraded, new = shape_of(DEMO), shape_of("brand_new")
        forget_search_path()
        self.assertEqual(upgraded, new)

    def test_old_and_new_addresses_show_the_ticket_types(self) -> None:
        carla = self.client_of("carla.creator")
        page = carla.get("/app/tickets/ticketdefinition/", follow=True)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Vacation request", page.content.decode())

    def test_tickets_go_on(self) -> None:
        with schema_context(DEMO):
            held = Ticket.objects.get(workflow_instance__status="ON_HOLD")
            resume_ticket(ticket=held, by=self.person("terry.tickets"), reason="It is here.")
            task = TaskInstance.objects.get(
                workflow_instance__ticket__title="A week of skiing", status="OPEN"
            )
            assert task.assigned_to is not None
            complete_task(
                task=task,
                output={"approved": "approved", "explanation": "Enjoy it."},
                user=task.assigned_to,
            )
            self.assertTrue(Ticket.objects.get(title="A week of skiing").has_ended)

    def test_new_tickets_start(self) -> None:
        with schema_context(DEMO):
            ticket = submit_ticket(
                definition=TicketDefinition.objects.active().get(key="vacation"),
                data={"location": "Spain", "season": "Summer", "activities": "Swimming"},
                user=self.person("uma.user"),
            )
            self.assertIsNotNone(ticket.workflow_instance)

    def test_a_file_that_waited_for_the_worker_is_read(self) -> None:
        with schema_context(DEMO):
            run = ImportRun.objects.get(status=ImportStatus.WAITING)
            continue_import(import_run_id=run.pk)
            run.refresh_from_db()
            self.assertTrue(run.is_ready, run.failure)

    def test_every_page_of_definitions_opens(self) -> None:
        carla = self.client_of("carla.creator")
        with schema_context(DEMO):
            versions = [each.pk for each in WorkflowDefinition.objects.all()]
        for pk in versions:
            page = carla.get(reverse("admin:workflows_workflowdefinition_change", args=(pk,)))
            self.assertEqual(page.status_code, 200)

    def test_the_doctor_finds_everything_as_it_must_be(self) -> None:
        said = StringIO()
        call_command("doctor", stdout=said)
        self.assertIn("Everything is as it must be", said.getvalue())
