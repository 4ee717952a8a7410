from __future__ import annotations

import json
from unittest import mock

from django.db import connection
from django.test import override_settings, tag

from project.observing import health
from tenants.connection import current_schema, use_public
from tenants.jobs import defer
from tenants.migrating.versions import forget_what_is_known
from tenants.models import Company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, outside, run_python

ASK = """
import django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
client.cookies["sessionid"] = "a-session-that-cannot-be-looked-up"
for address in ("/healthz", "/readyz", "/readyz"):
    answer = client.get(address)
    print(answer.status_code, answer.content.decode())
"""


class HealthTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        forget_what_is_known()
        self.addCleanup(forget_what_is_known)

    def beat(self, seconds_ago: float = 1) -> None:
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - make_interval(secs => %s))",
                [seconds_ago],
            )

    def ready(self) -> tuple[int, dict[str, dict[str, object]]]:
        answer = self.client.get("/readyz")
        said = json.loads(answer.content)
        self.assertEqual(said["status"], "ok" if answer.status_code == 200 else "unavailable")
        return answer.status_code, said["checks"]

    def test_the_process_answers_without_asking_the_database(self) -> None:
        self.client.force_login(self.uma)
        with mock.patch.object(health, "connection", None):
            answer = self.client.get("/healthz")
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "ok"}))
        self.assertEqual(answer["Cache-Control"], "no-store")
        self.assertFalse(answer.cookies)

    def test_it_is_ready_where_a_worker_lives(self) -> None:
        self.beat()
        code, checks = self.ready()
        self.assertEqual(code, 200)
        self.assertEqual(
            [name for name, check in checks.items() if check["ok"]],
            ["database", "migrations", "worker", "queue"],
        )
        self.assertIsNone(checks["queue"]["oldest_waiting_seconds"])

    def test_it_is_not_ready_where_no_worker_was_seen_lately(self) -> None:
        code, checks = self.ready()
        self.assertEqual((code, checks["worker"]), (503, {"ok": False, "seen_seconds_ago": None}))
        self.beat(seconds_ago=3600)
        code, checks = self.ready()
        self.assertEqual((code, checks["worker"]["seen_seconds_ago"]), (503, 3600))

    def test_it_says_how_long_the_oldest_job_has_been_waiting(self) -> None:
        self.beat()
        defer("tickets.jobs.advance", ticket_id=1)
        defer("tickets.jobs.advance", ticket_id=1, after_seconds=1000)
        self.assertEqual(self.ready()[1]["queue"], {"ok": True, "oldest_waiting_seconds": 0.0})
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_events SET at = now() - interval '5 hours'")
        code, checks = self.ready()
        self.assertEqual(code, 503)
        self.assertEqual(checks["queue"], {"ok": False, "oldest_waiting_seconds": 18000.0})

    def test_a_job_that_is_due_since_long_counts_from_when_it_was_due(self) -> None:
        self.beat()
        defer("tickets.jobs.advance", ticket_id=1, after_seconds=1000)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 min'")
        self.assertEqual(self.ready()[1]["queue"], {"ok": True, "oldest_waiting_seconds": 60.0})

    def put_behind(self, *companies: Company) -> None:
        use_public()
        for company in companies:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {company.schema_name}.django_migrations WHERE app = 'tickets'"
                )
            Company.objects.filter(pk=company.pk).update(schema_version="of long ago")

    def test_it_is_not_ready_where_what_all_share_lacks_a_migration(self) -> None:
        self.beat()
        with outside(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.django_migrations WHERE app = 'tenants'")
        code, checks = self.ready()
        self.assertEqual((code, checks["migrations"]), (503, {"ok": False}))

    def test_a_company_that_is_behind_is_counted_and_stops_nobody_else(self) -> None:
        self.beat()
        self.put_behind(self.globex)
        code, checks = self.ready()
        self.assertEqual((code, checks["migrations"]), (200, {"ok": True, "companies_behind": 1}))

    def test_it_is_not_ready_where_every_company_is_behind(self) -> None:
        """So a new server that starts before the migrations is sent nobody."""
        self.beat()
        self.put_behind(self.acme, self.globex)
        code, checks = self.ready()
        self.assertEqual((code, checks["migrations"]), (503, {"ok": False, "companies_behind": 2}))

    def test_it_is_ready_where_companies_have_more_than_it_knows(self) -> None:
        """So the old servers go on while new ones take their place."""
        self.beat()
        use_public()
        for company in (self.acme, self.globex):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {company.schema_name}.django_migrations (app, name, applied)"
                    " VALUES ('tickets', '9999_of_the_future', now())"
                )
        Company.objects.update(schema_version="of the future")
        code, checks = self.ready()
        self.assertEqual((code, checks["migrations"]), (200, {"ok": True, "companies_behind": 0}))

    def test_it_says_nothing_of_companies(self) -> None:
        self.beat()
        defer("tickets.jobs.advance", ticket_id=1)
        said = self.client.get("/readyz").content.decode().lower()
        for secret in ("acme", "globex", connection.settings_dict["NAME"], "advance"):
            self.assertNotIn(secret, said)

    def test_only_reading_is_possible(self) -> None:
        for address in ("/healthz", "/readyz"):
            self.assertEqual(self.client.post(address).status_code, 405)
            self.assertEqual(self.client.head(address).content, b"")

    @override_settings(ALLOWED_HOSTS=["ticketflower.example"], SECURE_SSL_REDIRECT=True)
    def test_a_probe_asks_by_address_and_without_tls(self) -> None:
        answer = self.client.get("/healthz", headers={"host": "10.0.0.7:8000"})
        self.assertEqual(answer.status_code, 200)

    def test_it_takes_next_to_no_queries_once_the_migrations_are_known(self) -> None:
        self.beat()
        self.ready()
        with self.assertNumQueries(3):  # the search path, the companies, the queue
            health._checks()
        self.assertEqual(current_schema(), "public")


@tag("processes")
class NoDatabaseTests(CompanyTransactionTestCase):
    def test_a_database_that_is_away_is_503_and_not_500(self) -> None:
        away = "postgres://nobody:secret-word@127.0.0.1:9/nothing"
        result = run_python(ASK, DATABASE_URL=away, LOG_LEVEL="CRITICAL")
        lines = result.stdout.splitlines()
        self.assertEqual(
            lines,
            [
                '200 {"status": "ok"}',
                *['503 {"status": "unavailable", "checks": {"database": {"ok": false}}}'] * 2,
            ],
            result.stderr,
        )
