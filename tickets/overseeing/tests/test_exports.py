"""Tickets, tasks and ticket types as files."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.models import TaskInstance

TICKETS = reverse("admin:tickets_ticket_export")
TASKS = reverse("admin:workflows_taskinstance_export")
TYPES = reverse("admin:workflows_ticketdefinition_export")
XLSX, CSV, JSON = "0", "1", "2"


class ExportTest(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.ticket = self.new_ticket()
        self.log_in(self.terry)

    def new_ticket(self) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            return self.submit()

    def export(self, url: str, kind: str = JSON) -> Any:
        return self.client.post(url, {"format": kind, "resource": "0"})

    def rows(self, url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.export(url).getvalue())
        return found

    def test_tickets_say_where_they_are(self) -> None:
        (row,) = self.rows(TICKETS)
        self.assertEqual(row["Number"], self.ticket.pk)
        self.assertEqual(row["Title"], self.ticket.title)
        self.assertEqual(row["Submitted by"], self.ticket.created_by.email)
        self.assertEqual(row["Data"], self.ticket.data)

    def test_only_what_runs_is_due(self) -> None:
        task = TaskInstance.objects.filter(workflow_instance=self.ticket.workflow_instance_id)
        task.update(due_at=timezone.now())
        self.assertTrue(self.rows(TICKETS)[0]["Due at"])
        cancel_ticket(ticket=self.ticket, by=self.terry, reason="No.", now=timezone.now())
        # As the list does: the task where the ticket was cancelled keeps its time.
        self.assertTrue(task.get().due_at)
        self.assertFalse(self.rows(TICKETS)[0]["Due at"])

    def test_tasks_say_who_has_them(self) -> None:
        (row,) = self.rows(TASKS)
        self.assertEqual((row["Ticket"], row["Ticket title"]), (self.ticket.pk, self.ticket.title))
        self.assertTrue(row["Created at"])

    def test_ticket_types_are_for_whoever_sees_their_list(self) -> None:
        for user in (self.terry, self.carla):
            self.log_in(user)
            (row,) = self.rows(TYPES)
            self.assertEqual(row["Title"], self.ticket.definition.title)
        self.assertEqual(self.export(TICKETS).status_code, 403)
        self.log_in(self.uma)
        self.assertEqual(self.export(TYPES).status_code, 403)

    def test_formulas_stay_texts(self) -> None:
        Ticket.objects.update(title="=1+1")
        book = load_workbook(io.BytesIO(self.export(TICKETS, XLSX).getvalue()))
        assert book.active is not None
        cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
        self.assertEqual([each.value for each in cells][1], "=1+1")
        self.assertNotIn("f", {each.data_type for each in cells})
        with zipfile.ZipFile(io.BytesIO(self.export(TICKETS, CSV).getvalue())) as archive:
            for name in archive.namelist():
                self.assertIn(',"\'=1+1",', archive.read(name).decode())

    def test_strange_letters_are_no_error(self) -> None:
        Ticket.objects.update(title="a\x01b\ufffe")
        for kind in (XLSX, CSV, JSON):
            self.assertEqual(self.export(TICKETS, kind).status_code, 200)

    def test_no_query_is_made_for_each_row(self) -> None:
        for url in (TICKETS, TASKS):
            few = self.queries(url)
            for _number in range(5):
                self.new_ticket()
            with self.subTest(url):
                self.assertEqual(self.queries(url), few)

    def queries(self, url: str) -> int:
        """How many an export makes, without those that only choose the schema."""
        with CaptureQueriesContext(connection) as queries:
            self.export(url)
        return sum(not each["sql"].startswith("SET ") for each in queries.captured_queries)

    def test_the_lists_filter_and_search_hold(self) -> None:
        rows = self.rows(f"{TICKETS}?q={self.ticket.pk}")
        self.assertEqual([row["Number"] for row in rows], [self.ticket.pk])
        self.assertEqual(self.rows(f"{TICKETS}?q=nothing-like-it"), [])
        for query in ("?o=99&data__x=1", "?status=abc", "?definition=abc", "?p=x", "?q=%00"):
            with self.subTest(query):
                self.assertIn(self.export(f"{TICKETS}{query}").status_code, (200, 302))

    def test_the_lists_lead_there(self) -> None:
        for url in (TICKETS, TASKS):
            page = self.client.get(url.removesuffix("export/"))
            self.assertContains(page, url)
            self.assertEqual(self.client.get(url).status_code, 200)

    def test_others_get_nothing(self) -> None:
        for person in (self.alice, self.wendy, self.uma, self.root):
            self.log_in(person)
            for url in (TICKETS, TASKS, TYPES):
                with self.subTest(person=person.email, url=url):
                    self.assertEqual(self.export(url).status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        self.log_in(self.charlie)
        for url in (TICKETS, TASKS, TYPES):
            self.assertEqual(self.rows(url), [])
