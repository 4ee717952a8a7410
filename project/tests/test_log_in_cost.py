"""How many statements a log-in takes: each is waited for by somebody who has hashed a password."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.testing import PASSWORD, CompanyTestCase

LOGIN = "/app/login/"
# Of CompanyClient, around each request: the company, and the way into it.
OF_THE_TEST = 2


class CostTests(CompanyTestCase):
    def cost(self) -> int:
        with CaptureQueriesContext(connection) as queries:
            self.client.post(LOGIN, {"username": self.uma.email, "password": PASSWORD})
        self.assertIn("_auth_user_id", self.client.session)
        return len(queries) - OF_THE_TEST

    def test_a_log_in(self) -> None:
        """The search path, the limit, the attempt and its end, the person, their factors, the
        session twice, where it was begun, and when, and the event in the audit log."""
        self.assertEqual(self.cost(), 11)

    def test_a_log_in_where_somebody_was_logged_in_before(self) -> None:
        """Besides: whether they have a task, though they are no task worker, the way out of their
        company, and the end of the session that was."""
        self.cost()
        self.assertEqual(self.cost(), 17)
