from __future__ import annotations

import io

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count
from django.test import override_settings

from tenants.connection import use_company, use_public
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase
from tickets.demo import PASSWORD, PEOPLE, ROOT, STORIES
from tickets.models import Ticket, TicketError
from workflows.models import (
    CompanyRole,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
)


@override_settings(DEMO=True)
class LoadDemoTest(CompanyTransactionTestCase):
    """Commits: each step of a demo ticket is taken after a commit, as in life."""

    works_outside = True

    def tearDown(self) -> None:
        super().tearDown()
        # Plain SQL: the ORM would look for the companies' tables in public.
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.tenants_user WHERE email = %s", [ROOT])

    def load(self) -> str:
        out = io.StringIO()
        use_public()
        call_command("load_demo", stdout=out)
        use_company(Company.objects.get(schema_name="demo"))
        return out.getvalue()

    def test_it_fills_a_company_with_people_processes_and_tickets(self) -> None:
        output = self.load()
        self.assertEqual(WorkflowDefinition.objects.published().count(), 3)
        self.assertEqual(TicketDefinition.objects.active().count(), 5)
        empty = CompanyRole.objects.annotate(count=Count("members")).filter(count=0)
        self.assertEqual(list(empty), [])
        for role in SystemRole:
            self.assertTrue(User.objects.with_role(role).filter(company__schema_name="demo"))
        self.assertEqual(Ticket.objects.count(), len(STORIES))
        self.assertEqual(Ticket.objects.ended().count(), 2)
        self.assertFalse(TicketError.objects.exists())
        statuses = set(TaskInstance.objects.values_list("status", flat=True))
        self.assertEqual(statuses, {"OPEN", "IN_PROGRESS", "PENDING", "COMPLETED"})
        log_ins = output.strip().split("\n\n")[-1].splitlines()
        self.assertEqual(len(log_ins), 1 + len(PEOPLE) + 1)

    def test_every_log_in_works(self) -> None:
        log_ins = self.load().strip().split("\n\n")[-1].splitlines()[1:]
        for line in log_ins:
            email, password = line.split()[-2:]
            with self.subTest(email):
                user = authenticate(username=email, password=password)
                self.assertIsInstance(user, User)
                validate_password(PASSWORD, user)

    def test_a_second_time_changes_nothing(self) -> None:
        def counts() -> list[int]:
            models = (User, CompanyRole, WorkflowDefinition, TicketDefinition, Ticket)
            return [model.objects.count() for model in (*models, TaskInstance, WorkflowEvent)]

        first = self.load()
        uma = User.objects.get(email="uma.user@demo.example")
        uma.set_password("another-good-password")
        uma.save()
        CompanyRole.objects.get(name="Approver").members.clear()
        before = counts()
        self.assertEqual(self.load(), first)
        self.assertEqual(counts(), before)
        uma.refresh_from_db()
        self.assertTrue(uma.check_password("another-good-password"))
        self.assertFalse(CompanyRole.objects.get(name="Approver").members.exists())

    @override_settings(DEMO=False)
    def test_it_is_refused_outside_demos(self) -> None:
        with self.assertRaises(CommandError):
            call_command("load_demo")
        self.assertFalse(Company.objects.filter(schema_name="demo").exists())
