"""Sending a form costs few statements: nothing of the page that follows, nothing twice."""

from __future__ import annotations

import uuid

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tickets.models import Ticket
from tickets.tests.screens import ScreenTestCase
from workflows.models import TaskInstance


class StatementTests(ScreenTestCase):
    def send(self, address: str, values: dict[str, str]) -> list[str]:
        """The statements that a form costs, but for those of the test's own browser."""
        with CaptureQueriesContext(connection) as queries:
            response = self.client.post(address, values)
        self.assertEqual(response.status_code, 302)
        statements = [each["sql"] for each in queries]
        begin = next(n for n, sql in enumerate(statements) if "django_session" in sql)
        return statements[begin:]

    def submit_form(self) -> list[str]:
        address = f"{reverse('admin:tickets_myticket_add')}?definition={self.definition.pk}"
        return self.send(address, {"token": uuid.uuid4().hex, "answers-what": "A desk"})

    def test_submitting_a_ticket(self) -> None:
        self.log_in(self.uma)
        self.submit_form()  # what is kept in the process is read once
        statements = self.submit_form()
        self.assertLessEqual(len(statements), 14, "\n".join(statements))
        self.assertEqual(Ticket.objects.count(), 2)

    def test_completing_a_task(self) -> None:
        self.log_in(self.uma)
        self.submit_form()
        self.submit_form()
        self.log_in(self.wendy)
        statements: list[str] = []
        for task in TaskInstance.objects.all():
            address = reverse("admin:tickets_mytask_change", args=(task.pk,))
            statements = self.send(address, {"answers-ok": "true"})
        self.assertLessEqual(len(statements), 10, "\n".join(statements))
