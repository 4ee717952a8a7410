from __future__ import annotations

import re

from django.db import connection
from django.test import override_settings
from prometheus_client.parser import text_string_to_metric_families

from tenants.jobs import defer
from tenants.observing import metrics
from tenants.testing import CompanyTestCase, email_of, outside

TOKEN = "a-token-of-many-letters"
ADDRESS = "/metrics"


class MetricsTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override_settings(METRICS_TOKEN=TOKEN))
        metrics.forget()
        self.addCleanup(metrics.forget)

    def text(self) -> str:
        answer = self.client.get(ADDRESS, headers={"Authorization": f"Bearer {TOKEN}"})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer["Cache-Control"], "no-store")
        return answer.content.decode()

    def figures(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        return {
            family.name: {
                (("", sample.name), *sorted(sample.labels.items())): sample.value
                for sample in family.samples
            }
            for family in text_string_to_metric_families(self.text())
        }

    def test_without_the_token_it_is_not_there(self) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            self.assertEqual(self.client.get(ADDRESS, headers=headers).status_code, 404)
        self.client.force_login(self.root)
        self.assertEqual(self.client.get(ADDRESS).status_code, 404)
        with override_settings(METRICS_TOKEN=""):
            for given in ("", TOKEN):
                answer = self.client.get(ADDRESS, headers={"Authorization": f"Bearer {given}"})
                self.assertEqual(answer.status_code, 404)

    def test_requests_are_counted_by_method_and_class_of_status(self) -> None:
        self.client.get("/nowhere/")
        self.client.get("/nowhere/")
        self.client.generic("BREW", "/")
        counted = self.figures()["ticketflower_requests"]
        missed = (("", "ticketflower_requests_total"), ("method", "GET"), ("status", "4xx"))
        self.assertEqual(counted[missed], 2)
        self.assertTrue(any(("method", "OTHER") in key for key in counted))

    def test_durations_add_up(self) -> None:
        for seconds in (0.001, 0.3, 99.0):
            metrics.observe("job_seconds", seconds, kind="tests")
        counted = self.figures()["ticketflower_job_seconds"]
        kind = ("kind", "tests")
        name = "ticketflower_job_seconds"
        self.assertEqual(counted[("", f"{name}_count"), kind], 3)
        self.assertAlmostEqual(counted[("", f"{name}_sum"), kind], 99.301)
        self.assertEqual(counted[("", f"{name}_bucket"), kind, ("le", "0.5")], 2)
        self.assertEqual(counted[("", f"{name}_bucket"), kind, ("le", "+Inf")], 3)

    def test_the_queue_and_its_workers_are_asked_of_the_database(self) -> None:
        defer("tickets.jobs.advance", ticket_id=1)
        defer("tickets.jobs.advance", ticket_id=2, after_seconds=3600)
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE public.procrastinate_events SET at = now() - interval '90 seconds'"
            )
            cursor.execute("INSERT INTO public.procrastinate_workers DEFAULT VALUES")
        found = self.figures()
        depth = found["ticketflower_queue_jobs"]
        name = ("", "ticketflower_queue_jobs")
        self.assertEqual(depth[name, ("queue", "steps"), ("status", "todo")], 2)
        waits = found["ticketflower_queue_oldest_due_seconds"]
        name = ("", "ticketflower_queue_oldest_due_seconds")
        self.assertGreaterEqual(waits[name, ("queue", "steps")], 90)
        self.assertEqual(waits[name, ("queue", "calls")], 0)
        [alive] = found["ticketflower_workers_alive"].values()
        self.assertEqual(alive, 1)
        self.assertTrue(found["ticketflower_database_connections"])

    def test_no_company_and_no_person_is_named(self) -> None:
        self.client.force_login(self.uma)
        self.client.get("/app/")
        defer("tickets.jobs.advance", ticket_id=1)
        text = self.text().lower()
        for word in ("acme", "globex", email_of("uma"), self.uma.last_name.lower()):
            self.assertNotIn(word, text)

    def test_views_are_named_as_the_code_names_them(self) -> None:
        self.client.get("/app/never-heard-of/")
        views = set(re.findall(r'view="([^"]*)"', self.text()))
        self.assertTrue(views)
        for view in views:
            self.assertRegex(view, r"^[a-z0-9_:.]+$")

    def test_processes_add_to_what_is_there(self) -> None:
        for _process in range(2):
            metrics.count("requests", method="GET", status="2xx")
            metrics.flush()
        counted = self.figures()["ticketflower_requests"]
        key = (("", "ticketflower_requests_total"), ("method", "GET"), ("status", "2xx"))
        self.assertEqual(counted[key], 2)

    def test_without_a_token_nothing_is_counted(self) -> None:
        with override_settings(METRICS_TOKEN=""):
            metrics.count("jobs", queue="steps", kind="tests", outcome="done")
        self.assertEqual(self.figures()["ticketflower_jobs"], {})
