from __future__ import annotations

from django.urls import reverse

from tenants.testing import CompanyTestCase
from workflows.models import TicketDefinition


class OldAddressesTests(CompanyTestCase):
    """Ticket types moved from one app to another; people keep links to them."""

    def test_the_list_of_ticket_types_is_found_with_its_search(self) -> None:
        self.client.force_login(self.carla)
        response = self.client.get("/app/tickets/ticketdefinition/?q=it", follow=True)
        self.assertEqual(
            response.redirect_chain,
            [(f"{reverse('admin:workflows_ticketdefinition_changelist')}?q=it", 301)],
        )
        self.assertEqual(response.status_code, 200)

    def test_a_page_of_one_ticket_type_is_found(self) -> None:
        response = self.client.get("/app/tickets/ticketdefinition/7/offer/?next=1")
        target = reverse("admin:workflows_ticketdefinition_offer", args=(7,))
        self.assertRedirects(
            response, f"{target}?next=1", status_code=301, fetch_redirect_response=False
        )

    def test_it_leads_nowhere_else(self) -> None:
        for rest in ("//evil.example/", "..//evil.example", "https://evil.example"):
            with self.subTest(rest):
                response = self.client.get(f"/app/tickets/ticketdefinition/{rest}")
                self.assertTrue(response["Location"].startswith("/app/workflows/ticketdefinition/"))

    def test_the_table_has_kept_its_name(self) -> None:
        self.assertEqual(TicketDefinition._meta.db_table, "tickets_ticketdefinition")
