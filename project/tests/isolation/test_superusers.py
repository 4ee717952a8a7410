"""Nothing breaks for a superuser outside a company."""

from __future__ import annotations

from django.test import tag

from project.tests.isolation.isolation_case import SAVE, IsolationTestCase
from tenants.audit.models import AuditEvent
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.models import Company, User
from tenants.testing_tools.examples import is_long_run


@tag("companies")
class SuperuserTests(IsolationTestCase):
    def test_nothing_breaks_outside_a_company(self) -> None:
        self.log_in(self.root)
        for page, address in self.addresses(queries=is_long_run()):
            with self.subTest(address):
                answer = self.get(address)
                self.assertFalse(answer.is_broken, str(answer))
                # The installation has a log and mails of its own.
                own = (None, Company, User, AuditEvent, OutgoingMail, ReceivedMail)
                if page.model not in own and not answer.is_redirected:
                    self.assertIn(answer.status_code, (403, 404, 405))

    def test_no_post_breaks_outside_a_company(self) -> None:
        self.log_in(self.root)
        for page, address in self.addresses(queries=False):
            if page.name in ("enter_company", "admin:logout"):
                continue
            for values in ({}, SAVE) if is_long_run() else (SAVE,):
                with self.subTest(address):
                    answer = self.post(address, values)
                    self.assertFalse(answer.is_broken, str(answer))
