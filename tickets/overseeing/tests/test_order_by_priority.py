"""All tickets by priority: in both directions by one index."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tickets.models import Ticket
from tickets.tests.screens import ScreenTestCase

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

    def test_neither_by_type_nor_by_person(self) -> None:
        self.submit()
        self.log_in(self.terry)
        for query in ("o=2", "o=3", "o=-2.3"):
            page = self.client.get(f"{LIST}?{query}")
            self.assertEqual(page.status_code, 200)
            self.assertNotContains(page, "o=3.2")
