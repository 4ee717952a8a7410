"""A company that is deleted leaves nothing, wherever its worker was killed; others stay whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test import Client, override_settings, tag
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants import deletion
from tenants.audit.models import AuditEvent
from tenants.connection import use_public
from tenants.errors import CompanyToBeDeletedError
from tenants.jobs import PATIENT, in_company
from tenants.models import Company, CompanyExport, LogInSession, User
from tenants.services import create_company
from tenants.testing_tools.waits import in_thread, wait_until_blocked
from tickets.company_data import delete_company as deleting
from tickets.company_data.delete_company import (
    ask_for_deletion,
    delete_company,
    take_deletion_back,
    what_there_is,
)
from tickets.company_data.errors import DeletionBegunError, WrongNameError
from tickets.company_data.export_company import make_export, start_export
from tickets.company_data.tests.test_restore_company import RestoreCase

SECONDS_EACH = 20
SCHEMA, HOST = "zyxomma", "zyxomma.invalid"


class KilledError(Exception):
    """As if the worker had been killed here."""


class DeletionCase(RestoreCase):
    """A company of its own, restored from Acme: the test's companies stay."""

    doomed: Company

    def setUp(self) -> None:
        super().setUp()
        deletion.forget_what_is_known()
        self.addCleanup(deletion.forget_what_is_known)

    def make_doomed(self) -> None:
        self.fill(walk=0)
        made = self.restore(self.export(), name="Zyxomma", schema_name=SCHEMA, start=True)
        self.doomed = Company.objects.get(pk=made.company.pk)
        for person in User.objects.filter(company=self.doomed)[:3]:
            Client().force_login(person)
            Authenticator.objects.create(user=person, type="totp", data={})
        with schema_context(SCHEMA):
            export = start_export(company=self.doomed, by=self.root)
            make_export(export_id=export.pk)
        use_public()

    def ask(self) -> None:
        ask_for_deletion(company=self.doomed, typed_name="zyxomma ", now=timezone.now())

    def later(self) -> Any:
        return timezone.now() + timedelta(days=15)

    def rest(self) -> dict[str, int]:
        return what_there_is(self.doomed)


@tag("companies")
class DeleteCompanyTests(DeletionCase):
    def test_what_waits_for_who_adds_people_is_in_nobodys_way(self) -> None:
        """Whoever adds a superuser comes to the table of all people, then to each company's."""
        use_public()
        company = create_company(name="Gone", schema_name="gone")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE public.tenants_user IN ROW EXCLUSIVE MODE")
            dropping = in_thread(lambda: deleting._drop_tables(company), company=company)
            wait_until_blocked()
            cursor.execute("LOCK TABLE gone.people_here IN ROW EXCLUSIVE MODE NOWAIT")
        dropping.wait()

    def test_nothing_of_it_is_left_and_others_are_whole(self) -> None:
        self.make_doomed()
        people = list(User.objects.filter(company=self.doomed).values_list("pk", flat=True))
        before = self.rest()
        self.assertTrue(all(before.values()), before)
        others = everything_but(self.doomed, people)
        self.ask()
        self.assertTrue(delete_company(company_id=self.doomed.pk, now=self.later()))
        self.assertEqual(set(self.rest().values()), {0})
        self.assertEqual(everything_but(self.doomed, people), others)
        self.assertEqual(mentions(SCHEMA, "audit_auditevent", "procrastinate_jobs"), {})
        self.assertEqual(mentions(HOST, "audit_auditevent"), {})
        self.assertFalse(delete_company(company_id=self.doomed.pk, now=self.later()))

    def test_the_proof_is_in_the_log_of_the_installation(self) -> None:
        self.make_doomed()
        before = self.rest()
        self.ask()
        delete_company(company_id=self.doomed.pk, now=self.later())
        events = {each.kind: each for each in AuditEvent.objects.all()}
        self.assertEqual(
            events["company.deletion_began"].data["before"]["people"], before["people"]
        )
        self.assertEqual(set(events["company.deleted"].data["after"].values()), {0})
        self.assertEqual(events["company.deleted"].subject_name, "Zyxomma")

    def test_a_worker_that_is_killed_after_any_step(self) -> None:
        """Each run is killed a step later than the one before it."""
        self.make_doomed()
        self.ask()
        steps = deleting.STEPS
        for last in range(len(steps) - 1):
            with self.subTest(steps[last].__name__), self.assertRaises(KilledError):
                self.run_until(last)
            self.assertTrue(Company.objects.filter(pk=self.doomed.pk).exists())
        delete_company(company_id=self.doomed.pk, now=self.later())
        self.assertEqual(set(self.rest().values()), {0})

    def run_until(self, last: int) -> None:
        def kill(company: Company) -> None:
            raise KilledError

        steps = (*deleting.STEPS[: last + 1], kill)
        with override_steps(steps):
            delete_company(company_id=self.doomed.pk, now=self.later())

    def test_one_that_is_killed_between_two_tables(self) -> None:
        self.make_doomed()
        self.ask()
        with connection.cursor() as cursor:
            cursor.execute(
                f"DROP TABLE {SCHEMA}.tickets_ticket, {SCHEMA}.django_migrations CASCADE"
            )
        self.assertTrue(delete_company(company_id=self.doomed.pk, now=self.later()))
        self.assertEqual(set(self.rest().values()), {0})

    def test_it_waits_for_jobs_that_run(self) -> None:
        self.make_doomed()
        self.ask()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id"
            )
            worker = cursor.fetchone()[0]
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id ="
                " (SELECT min(id) FROM procrastinate_jobs WHERE args ->> 'schema' = %s)",
                [worker, SCHEMA],
            )
        with self.assertRaises(CompanyToBeDeletedError):
            delete_company(company_id=self.doomed.pk, now=self.later())
        self.assertTrue(self.rest()["tables"])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = '2020-01-01'")
        delete_company(company_id=self.doomed.pk, now=self.later())
        self.assertEqual(set(self.rest().values()), {0})


@tag("companies")
class GraceTests(DeletionCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_doomed()

    def test_the_name_must_be_typed_and_before_its_time_nothing_happens(self) -> None:
        with self.assertRaises(WrongNameError):
            ask_for_deletion(company=self.doomed, typed_name="Zyx", now=timezone.now())
        self.ask()
        before = self.rest()
        self.assertFalse(delete_company(company_id=self.doomed.pk))
        self.assertEqual(self.rest(), before)

    def test_jobs_wait_and_come_when_it_is_taken_back(self) -> None:
        self.ask()
        due = Company.objects.get(pk=self.doomed.pk).deletion_due_at
        assert due is not None
        with self.assertRaises(CompanyToBeDeletedError) as refused:
            in_company(lambda: None)(SCHEMA)
        decision = PATIENT.get_retry_decision(exception=refused.exception, job=None)  # type: ignore[arg-type]
        assert decision is not None
        self.assertEqual(decision.retry_at, deletion.waits_until(due))
        jobs = ProcrastinateJob.objects.filter(args__schema=SCHEMA, status="todo")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = %s WHERE args ->> 'schema' = %s",
                [deletion.waits_until(due), SCHEMA],
            )
        take_deletion_back(company=self.doomed)
        self.assertFalse(jobs.filter(scheduled_at__gt=timezone.now()).exists())
        in_company(lambda: None)(SCHEMA)
        self.assertFalse(delete_company(company_id=self.doomed.pk, now=self.later()))

    def test_when_it_has_begun_there_is_no_way_back(self) -> None:
        self.ask()
        with override_steps(()):
            delete_company(company_id=self.doomed.pk, now=self.later())
        with self.assertRaises(DeletionBegunError):
            take_deletion_back(company=self.doomed)

    @override_settings(COMPANY_DELETION_DAYS=3)
    def test_after_the_days_of_the_setting_it_goes_with_its_exports(self) -> None:
        self.ask()
        self.assertTrue(
            delete_company(company_id=self.doomed.pk, now=timezone.now() + timedelta(days=4))
        )
        self.assertFalse(CompanyExport.objects.exists())
        with schema_context(SCHEMA):
            self.assertFalse(default_storage.exists("exports"))


class override_steps:  # noqa: N801
    def __init__(self, steps: tuple[Any, ...]) -> None:
        self._steps, self._before = steps, deleting.STEPS

    def __enter__(self) -> None:
        deleting.STEPS = self._steps  # type: ignore[misc]

    def __exit__(self, *failure: object) -> None:
        deleting.STEPS = self._before  # type: ignore[misc]


def everything_but(company: Company, people: list[int]) -> dict[str, Any]:
    """What there is of all others, table by table."""
    found: dict[str, Any] = {
        "people": list(
            User.objects.exclude(pk__in=people).order_by("pk").values_list("pk", "email", "company")
        ),
        "companies": list(Company.objects.exclude(pk=company.pk).order_by("pk").values_list()),
        "sessions": sorted(
            LogInSession.objects.exclude(user__in=people).values_list("session_key", flat=True)
        ),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('acme', 'globex')"
        )
        for schema, table in cursor.fetchall():
            rows = "md5(string_agg(t::text, '|' ORDER BY t::text))"
            cursor.execute(f'SELECT {rows} FROM "{schema}"."{table}" t')
            found[f"{schema}.{table}"] = cursor.fetchone()[0]
    return found


def mentions(text: str, *but: str) -> dict[str, int]:
    """In how many rows of each table of `public` a text stands."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table not in but:
                cursor.execute(
                    f'SELECT count(*) FROM public."{table}" t WHERE t::text LIKE %s', [f"%{text}%"]
                )
                found[table] = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'schema' = %s", [text]
        )
        found["jobs"] = cursor.fetchone()[0]
    return {name: count for name, count in found.items() if count}
