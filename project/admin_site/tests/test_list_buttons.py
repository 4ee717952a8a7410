"""What a page says of a button above a list is there: no page is reached by typing its address."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import override_settings
from django.urls import reverse

from tenants.pages.page import registered_pages
from tenants.testing import CompanyTestCase


class ListButtonTests(CompanyTestCase):
    def test_each_list_has_the_buttons_of_its_pages(self) -> None:
        self.alice.groups.set(Group.objects.all())
        self.log_in(self.alice)
        lists: dict[str, str] = {}
        found = [each for each in registered_pages() if each.page.list_button is not None]
        self.assertIn("tickets_ticket_ratings", [each.name for each in found])
        for each in found:
            address = reverse(f"admin:{each.name}")
            its_list = "/".join(address.split("/")[:4]) + "/"
            if its_list not in lists:
                lists[its_list] = self.client.get(its_list).content.decode()
            with self.subTest(each.name):
                self.assertIn(f'"{address}', lists[its_list])

    @override_settings(MAIL_HOST="mail.example", MAIL_FROM="t@example.com")
    def test_a_home_leads_to_invitations_where_mail_is_sent(self) -> None:
        self.log_in(self.alice)
        home = self.client.get(reverse("admin:index"))
        self.assertContains(home, reverse("admin:tenants_user_invite"))
        self.assertNotContains(home, reverse("admin:tenants_user_add"))
        for address in ("admin:tenants_user_invite", "admin:tenants_user_changelist"):
            self.assertEqual(self.client.get(reverse(address)).status_code, 200)
