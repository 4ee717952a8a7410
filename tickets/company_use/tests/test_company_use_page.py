from __future__ import annotations

from django.core.cache import cache
from django.test import override_settings
from django.urls import reverse

from tenants.companies.company_limits import MEGABYTE
from tenants.models import Company
from tenants.testing import CompanyTestCase


class CompanyUsePageTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.log_in(self.alice)

    def test_it_shows_each_limit_and_what_is_used(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(file_bytes=2 * MEGABYTE, most_people=7)
        page = self.client.get(reverse("admin:tenants_user_limits"))
        self.assertContains(page, "6 of 7")
        self.assertContains(page, "The limit is near.", count=1)
        self.assertContains(page, "2 MB of 10,000 MB")

    def test_only_admins_see_it(self) -> None:
        self.log_in(self.terry)
        answer = self.client.get(reverse("admin:tenants_user_limits"))
        self.assertEqual(answer.status_code, 403)

    @override_settings(COMPANY_MOST_PEOPLE=6)
    def test_the_dashboard_of_admins_warns_before_a_limit_is_reached(self) -> None:
        page = self.client.get(reverse("admin:index"))
        self.assertContains(page, "A limit of your company is near")
        self.assertContains(page, "6 of 6")
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:index"))
        self.assertNotContains(page, "A limit of your company is near")

    def test_a_dashboard_with_room_says_nothing(self) -> None:
        page = self.client.get(reverse("admin:index"))
        self.assertNotContains(page, "A limit of your company is near")


class FullCompanyTests(CompanyTestCase):
    """What a person is told where the company is full; nothing typed is lost."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.alice)

    @override_settings(COMPANY_MOST_PEOPLE=6)
    def test_a_person_is_not_added_and_the_form_says_why(self) -> None:
        typed = {
            "email": "new@acme.example", "first_name": "Nora", "last_name": "New",
            "password1": "a long enough sentence", "password2": "a long enough sentence",
            "is_available": "on", "is_active": "on",
        }  # fmt: skip
        page = self.client.post(reverse("admin:tenants_user_add"), typed)
        self.assertContains(page, "may have 6 active people")
        self.assertContains(page, "Nora")

    def test_a_superuser_gives_a_company_limits_of_its_own(self) -> None:
        self.log_in(self.root)
        address = reverse("admin:tenants_company_change", args=[self.acme.pk])
        self.client.post(address, {"name": "Acme", "is_active": "on", "most_people": "12"})
        self.acme.refresh_from_db()
        self.assertEqual((self.acme.most_people, self.acme.most_stored_mb), (12, None))
