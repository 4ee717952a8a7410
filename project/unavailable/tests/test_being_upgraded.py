"""What people meet while their company is behind the code, and that nobody else meets it."""

from __future__ import annotations

import uuid
from unittest import mock

from django.db import connection
from django.urls import reverse
from procrastinate.jobs import Job

from tenants.errors import CompanyBehindError
from tenants.jobs import BEHIND_SECONDS, PATIENT, in_company
from tenants.migrating.versions import forget_what_is_known, is_public_up_to_date, version_of
from tenants.models import Company, User
from tenants.testing import CompanyTestCase
from tickets.calling.callback_address import CallbackAddress
from tickets.calling.pages import callbacks

HEADING = "is being brought up to date"


class BeingUpgradedTests(CompanyTestCase):
    """Globex lacks the migrations of tickets, and their tables too."""

    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM globex.django_migrations WHERE app = 'tickets'")
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'globex'")
            for (table,) in cursor.fetchall():
                if table.startswith(("tickets_", "workflows_", "django_admin")):
                    cursor.execute(f"DROP TABLE globex.{table} CASCADE")
        Company.objects.filter(pk=self.globex.pk).update(schema_version=version_of(()))
        self.globex.refresh_from_db()
        forget_what_is_known()
        is_public_up_to_date()
        self.addCleanup(forget_what_is_known)

    def test_its_people_read_that_it_is_brought_up_to_date(self) -> None:
        self.log_in(self.charlie)
        for name in (
            "admin:index",
            "admin:tickets_myticket_changelist",
            "admin:tenants_user_changelist",
            "admin:password_change",
            "admin:search",
        ):
            with self.subTest(name):
                answer = self.client.get(reverse(name), {"s": "desk"})
                self.assertContains(answer, f"Globex {HEADING}", status_code=503)
                self.assertContains(answer, "Try again", status_code=503)
                self.assertEqual(answer["Retry-After"], "60")
        answer = self.client.get("/nowhere/")
        self.assertEqual(answer.status_code, 503)

    def test_what_was_sent_is_said_not_to_be_saved(self) -> None:
        self.log_in(self.charlie)
        answer = self.client.post(reverse("admin:tickets_myticket_add"), {"title": "Late"})
        self.assertContains(answer, "was not saved", status_code=503)
        self.assertNotContains(answer, "Try again", status_code=503)

    def test_they_can_log_in_and_out(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(reverse("landing")).status_code, 503)
        self.assertEqual(self.client.post(reverse("admin:logout")).status_code, 302)
        self.assertEqual(self.client.get(reverse("landing")).status_code, 200)
        self.assertEqual(self.client.get(reverse("admin:login")).status_code, 200)

    def test_all_others_work_and_take_no_query_more(self) -> None:
        self.log_in(self.uma)
        page = reverse("admin:tickets_myticket_changelist")
        self.assertContains(self.client.get(page), "Acme")
        with mock.patch("project.unavailable.being_upgraded.is_up_to_date", return_value=True):
            without = self.count_queries(page)
        self.assertEqual(self.count_queries(page), without)

    def test_a_superuser_who_enters_it_gets_out_again(self) -> None:
        self.log_in(self.root)
        with self.assertLogs("project.superusers.enter_company", "INFO"):
            self.enter(self.globex)
        answer = self.client.get(reverse("admin:index"))
        self.assertContains(answer, HEADING, status_code=503)
        self.assertContains(answer, f'action="{reverse("leave_company")}"', status_code=503)
        with self.assertLogs("project.superusers.enter_company", "INFO"):
            answer = self.client.post(reverse("leave_company"), follow=True)
        self.assertContains(answer, "You left Globex.")

    def test_a_superuser_outside_meets_it_at_its_people(self) -> None:
        self.log_in(self.root)
        person = User.objects.get(pk=self.charlie.pk)
        change = reverse("admin:tenants_user_change", args=[person.pk])
        self.assertContains(self.client.get(reverse("admin:tenants_user_changelist")), "Chaplin")
        form = {
            "email": person.email,
            "first_name": "Charles",
            "last_name": "Chaplin",
            "system_roles": ["User"],
            "is_active": "on",
        }
        for answer in (
            self.client.get(change),
            self.client.post(change, form),
            self.client.get(reverse("admin:tenants_user_history", args=[person.pk])),
        ):
            self.assertLess(answer.status_code, 504)
            self.assertNotEqual(answer.status_code, 500)
        person.refresh_from_db()
        self.assertEqual(person.first_name, "Charlie")

    def test_other_systems_are_told_to_answer_later(self) -> None:
        address = CallbackAddress(schema="globex", task=uuid.uuid4(), attempt=1)
        with self.assertRaises(CompanyBehindError) as raised:
            callbacks._receive_in_company(self.globex, address, {})
        self.assertEqual(callbacks._refusal(raised.exception).status_code, 503)

    def test_its_jobs_wait_however_long_it_takes(self) -> None:
        self.enterContext(mock.patch("tenants.jobs.close_old_connections"))
        done: list[str] = []
        with self.assertRaises(CompanyBehindError) as raised:
            in_company(lambda: done.append("globex"))("globex")
        in_company(lambda: done.append("acme"))("acme")
        self.assertEqual(done, ["acme"])
        job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="t", attempts=1000)
        decision = PATIENT.get_retry_decision(exception=raised.exception, job=job)
        self.assertIsNotNone(decision)
        self.assertIsNone(PATIENT.get_retry_decision(exception=ValueError(), job=job))
        self.assertGreater(BEHIND_SECONDS, 0)


class InstallationBehindTests(CompanyTestCase):
    """New code has started, and nobody has run the migrations."""

    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.django_migrations WHERE app = 'tenants'")
        forget_what_is_known()
        self.addCleanup(forget_what_is_known)

    def test_everybody_reads_that_it_is_brought_up_to_date(self) -> None:
        # Whatever would ask the database then fails: columns may be missing there.
        load = "tenants.logging_in.sessions.SessionStore.load"
        self.enterContext(mock.patch(load, side_effect=KeyError))
        self.client.cookies["sessionid"] = "a-session-of-before"
        for address in ("/", reverse("admin:login"), reverse("admin:index"), "/sign-up/"):
            with self.subTest(address):
                answer = self.client.get(address)
                self.assertContains(answer, f"TicketFlower {HEADING}", status_code=503)
        self.assertEqual(self.client.get("/healthz").status_code, 200)
        self.assertEqual(self.client.get("/readyz").status_code, 503)
