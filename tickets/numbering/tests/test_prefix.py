"""What tickets are called: by their number, with the company's prefix."""

from __future__ import annotations

from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.models import Company
from tickets.models.ticket import ticket_id_in, ticket_number
from tickets.numbering.set_prefix import set_prefix
from tickets.tests.screens import ScreenTestCase

PAGE = reverse("admin:tenants_user_ticket_numbers")


class PrefixTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(setattr, Company.objects.current(), "ticket_prefix", "")

    def test_without_one_tickets_go_by_their_number(self) -> None:
        self.assertEqual(ticket_number(12), "#12")
        self.assertEqual(
            [ticket_id_in(each) for each in ("12", "#12", "A-12", "1" * 30)][:3], [12, 12, None]
        )

    def test_with_one_everything_says_it(self) -> None:
        set_prefix(company=Company.objects.current(), prefix="ACME")
        ticket = self.submit()
        name, other = f"ACME-{ticket.pk}", f"ACME-{ticket.pk + 1}"
        self.assertEqual(str(ticket), f"{name} {ticket.title}")
        self.assertEqual(ticket_id_in(name.lower()), ticket.pk)
        self.assertEqual(ticket_id_in(f"#{ticket.pk}"), ticket.pk)
        for person, page in (
            (self.terry, "admin:tickets_ticket_changelist"),
            (self.uma, "admin:tickets_myticket_changelist"),
            (self.wendy, "admin:tickets_mytask_changelist"),
        ):
            self.log_in(person)
            with self.subTest(page=page):
                self.assertContains(self.client.get(reverse(page), {"q": name}), name)
                self.assertNotContains(self.client.get(reverse(page), {"q": other}), name)

    def test_a_company_admin_sets_it(self) -> None:
        self.log_in(self.alice)
        for wrong in ("a", "acme", "1A", "TOOLONGIT", "A B", "Ä1", "\x00"):
            with self.subTest(prefix=wrong):
                self.assertContains(
                    self.client.post(PAGE, {"ticket_prefix": wrong}), "2 to 8 capital"
                )
        self.client.post(PAGE, {"ticket_prefix": "ACME"})
        company = Company.objects.get(pk=Company.objects.current().pk)
        self.assertEqual(company.ticket_prefix, "ACME")
        self.assertTrue(AuditEvent.objects.filter(kind="company.ticket_prefix_changed").exists())
        self.assertContains(self.client.get(PAGE), 'value="ACME"')
        for person in (self.uma, self.wendy, self.terry):
            self.log_in(person)
            self.assertEqual(self.client.get(PAGE).status_code, 403)
