"""Whether the company has the service account that a document names as an assistant."""

from __future__ import annotations

from django.utils import timezone

from tenants.connection import use_company
from tenants.mcp.tests.assistant import Assistant
from tenants.testing import CompanyTestCase
from tickets.working.tests.assisted_case import BOT, invoices
from workflows.authoring.importing.import_bundle import problems_here
from workflows.people.service_accounts import add_account


class AccountTests(CompanyTestCase):
    def told(self, name: str) -> list[str]:
        found = problems_here(invoices({"account": name}))
        self.assertFalse(any(each.is_error for each in found))
        return [each.message for each in found if each.path[-1] == "account"]

    def test_one_that_is_there_is_no_problem(self) -> None:
        self.assertEqual(len(self.told(BOT)), 1)
        account = add_account(
            name=BOT, roles=[], company_roles=[], by=self.alice, now=timezone.now()
        )
        self.assertEqual(len(self.told(BOT)), 1)  # without a token nobody could act by it
        Assistant(account, name="")
        self.assertEqual(len(self.told(BOT)), 1)  # a program's is no assistant's
        Assistant(account)
        self.assertEqual(self.told("invoice BOT"), [])
        [message] = self.told("Invoice boot")
        self.assertIn("Did you mean “Invoice bot”?", message)

    def test_the_account_of_another_company_does_not_count(self) -> None:
        use_company(self.globex)
        account = add_account(
            name=BOT, roles=[], company_roles=[], by=self.charlie, now=timezone.now()
        )
        Assistant(account)
        self.assertEqual(self.told(BOT), [])
        use_company(self.acme)
        [message] = self.told(BOT)
        self.assertNotIn("Did you mean", message)
