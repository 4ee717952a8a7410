"""All tickets by priority, due date and status: in both directions by an index."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tickets.models import Ticket
from tickets.overseeing.pages.ticket import TicketAdmin
from tickets.tests.screens import ScreenTestCase
from workflows.models import TaskInstance, WorkflowInstance

LIST = reverse("admin:tickets_ticket_changelist")


class OrderTests(ScreenTestCase):
    def test_by_priority(self) -> None:
        for priority in ("low", "", "urgent", "", "high"):
            Ticket.objects.filter(pk=self.submit().pk).update(priority=priority)
        found = Ticket.objects.order_by("pk").values_list("pk", flat=True)
        low, first, urgent, second, high = found
        expected = [urgent, high, second, first, low]
        self.log_in(self.terry)
        for query, order in (("o=5", expected), ("o=-5", list(reversed(expected)))):
            with self.subTest(query), CaptureQueriesContext(connection) as queries:
                page = self.client.get(f"{LIST}?{query}")
                self.assertEqual([each.pk for each in page.context["cl"].result_list], order)
            keys = next(
                each["sql"]
                for each in queries
                if "ORDER BY CASE" in each["sql"]
                and each["sql"].startswith('SELECT "tickets_ticket"."id" AS')
            )
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_sort = off")
                cursor.execute(f"EXPLAIN {keys}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            self.assertIn("ticket_by_urgency", plan)
            self.assertNotIn("Sort", plan)

    def test_by_due(self) -> None:
        tickets = [self.submit() for _time in range(6)]
        now = timezone.now()
        for ticket, days in zip(tickets, (3, None, 1, 2, None, 1), strict=True):
            due = None if days is None else now + timedelta(days=days)
            tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance)
            tasks.update(due_at=due)
        # It has ended: that it was due first is no matter any more.
        TaskInstance.objects.filter(workflow_instance=tickets[2].workflow_instance).update(
            status="CANCELLED"
        )
        one, two, three, four, five, six = (each.pk for each in tickets)
        others = [five, three, two]
        self.log_in(self.terry)
        with patch.object(TicketAdmin, "list_per_page", 2):
            for query, expected in (
                ("o=7", [six, four, one, *others]),
                ("o=-7", [one, four, six, *others]),
            ):
                found = []
                for page in (1, 2, 3):
                    answer = self.client.get(f"{LIST}?{query}&p={page}")
                    found += [each.pk for each in answer.context["cl"].result_list]
                with self.subTest(query):
                    self.assertEqual(found, expected)
        with CaptureQueriesContext(connection) as queries:
            self.client.get(f"{LIST}?o=7")
        (keys,) = (each["sql"] for each in queries if '"due_at" ASC' in each["sql"])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_hashjoin = off")
            cursor.execute("SET LOCAL enable_mergejoin = off")
            cursor.execute(f"EXPLAIN {keys}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        self.assertIn("task_instance_due", plan)

    def test_by_status(self) -> None:
        tickets = [self.submit() for _time in range(6)]
        statuses = ("COMPLETED", "IN_PROGRESS", None, "CANCELLED", "IN_PROGRESS", None)
        for ticket, status in zip(tickets, statuses, strict=True):
            if status is None:  # its workflow has not begun
                Ticket.objects.filter(pk=ticket.pk).update(workflow_instance=None)
            else:
                instances = WorkflowInstance.objects.filter(ticket=ticket)
                instances.update(status=status)
        one, two, three, four, five, six = (each.pk for each in tickets)
        expected = [four, one, five, two, six, three]
        self.log_in(self.terry)
        with patch.object(TicketAdmin, "list_per_page", 2):
            for query, order in (("o=4", expected), ("o=-4", list(reversed(expected)))):
                found = []
                for page in (1, 2, 3):
                    answer = self.client.get(f"{LIST}?{query}&p={page}")
                    found += [each.pk for each in answer.context["cl"].result_list]
                with self.subTest(query):
                    self.assertEqual(found, order)
        for query in ("o=4", "o=-4"):
            with CaptureQueriesContext(connection) as queries:
                self.client.get(f"{LIST}?{query}")
            (keys,) = (each["sql"] for each in queries if 'BY "workflows_workf' in each["sql"])
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_sort = off")
                cursor.execute("SET LOCAL enable_hashjoin = off")
                cursor.execute("SET LOCAL enable_mergejoin = off")
                cursor.execute(f"EXPLAIN {keys}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            self.assertIn("workflow_instance_by_status", plan)
            self.assertNotIn("Sort", plan)

    def test_neither_by_type_nor_by_person(self) -> None:
        self.submit()
        self.log_in(self.terry)
        for query in ("o=2", "o=3", "o=-2.3"):
            page = self.client.get(f"{LIST}?{query}")
            self.assertEqual(page.status_code, 200)
            self.assertNotContains(page, "o=3.2")
