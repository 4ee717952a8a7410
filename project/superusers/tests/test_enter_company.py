from __future__ import annotations

from django.urls import reverse

from tenants.models import Company, User
from tenants.testing import CompanyTestCase

BANNER = "You are inside"


class EnterCompanyTests(CompanyTestCase):
    works_outside = True

    def enter_number(self, pk: object, **values: object) -> int:
        """The status of what is answered to somebody who enters."""
        sent = {"reason": "They asked why a call fails", "minutes": 60, **values}
        return self.client.post(f"/companies/{pk}/enter/", sent).status_code

    def test_a_superuser_enters_and_leaves(self) -> None:
        self.log_in(self.root)
        dashboard = self.client.get("/app/")
        self.assertNotContains(dashboard, BANNER)
        self.assertContains(dashboard, reverse("enter_company", args=[self.acme.pk]))

        with self.assertLogs("project.superusers.enter_company", "INFO") as log:
            self.assertEqual(self.enter_number(self.acme.pk), 302)
        self.assertIn(f"Superuser {self.root.pk} entered the company acme", log.output[0])
        self.assertContains(self.client.get("/app/"), BANNER)

        with self.assertLogs("project.superusers.enter_company", "INFO") as log:
            response = self.client.post(reverse("leave_company"), follow=True)
        self.assertIn(f"Superuser {self.root.pk} left the company acme", log.output[0])
        self.assertContains(response, "You left Acme.")
        self.assertNotContains(response, BANNER)

    def test_the_banner_is_on_every_page_and_posts(self) -> None:
        self.log_in(self.root)
        self.enter_number(self.acme.pk)
        for name in (
            "admin:index",
            "admin:password_change",
            "admin:tickets_ticket_changelist",
            "admin:workflows_companyrole_changelist",
            "admin:workflows_companyrole_add",
            "admin:tenants_company_changelist",
        ):
            with self.subTest(name):
                response = self.client.get(reverse(name))
                self.assertContains(response, BANNER, count=1)
                self.assertContains(
                    response, f'<form method="post" action="{reverse("leave_company")}"'
                )

    def test_nobody_else_sees_the_banner(self) -> None:
        self.log_in(self.alice)
        self.assertNotContains(self.client.get("/app/"), BANNER)

    def test_a_company_that_is_switched_off_can_be_entered(self) -> None:
        Company.objects.filter(pk=self.globex.pk).update(is_active=False)
        self.log_in(self.root)
        self.assertEqual(self.enter_number(self.globex.pk), 302)
        self.assertContains(self.client.get("/app/"), "This company is switched off.")

    def test_nobody_else_may(self) -> None:
        for person in (self.alice, self.charlie, self.uma):
            self.log_in(person)
            with self.subTest(person):
                self.assertEqual(self.enter_number(self.acme.pk), 404)
                self.assertEqual(self.enter_number(self.globex.pk), 404)
                self.assertEqual(self.client.post("/companies/leave/").status_code, 404)
                self.assertNotIn("active_company", self.client.session)
        self.client.logout()
        self.assertEqual(self.enter_number(self.acme.pk), 404)
        self.assertEqual(self.client.post("/companies/leave/").status_code, 404)

    def test_a_link_changes_nothing(self) -> None:
        self.log_in(self.root)
        self.assertContains(self.client.get(f"/companies/{self.acme.pk}/enter/"), "Reason")
        self.assertNotIn("active_company", self.client.session)
        self.enter_number(self.acme.pk)
        self.assertEqual(self.client.get("/companies/leave/").status_code, 404)
        self.assertIn("active_company", self.client.session)

    def test_it_needs_the_csrf_token(self) -> None:
        client = self.client_class(enforce_csrf_checks=True)
        client.force_login(self.root)
        self.assertEqual(client.post(f"/companies/{self.acme.pk}/enter/").status_code, 403)

    def test_there_is_no_company_of_a_wrong_number(self) -> None:
        self.log_in(self.root)
        for pk in (0, 999_999, "9" * 30, "acme", "-1"):
            with self.subTest(pk):
                self.assertEqual(self.enter_number(pk), 404)

    def test_leaving_twice_is_no_error(self) -> None:
        self.log_in(self.root)
        for _time in range(2):
            self.assertRedirects(self.client.post("/companies/leave/"), reverse("admin:index"))


class CompanyNameTests(CompanyTestCase):
    def test_it_is_on_every_page_with_the_name_of_the_person(self) -> None:
        people: dict[User, str] = {self.alice: "Acme", self.charlie: "Globex"}
        for person, company in people.items():
            self.log_in(person)
            for name in ("admin:index", "admin:password_change", "admin:tenants_user_changelist"):
                with self.subTest(person=person, page=name):
                    response = self.client.get(reverse(name))
                    self.assertContains(response, f'<span class="tf-company-name">{company}</span>')
                    self.assertContains(response, person.get_full_name())

    def test_outside_every_company_it_is_said_that_there_is_none(self) -> None:
        self.log_in(self.root)
        for name in ("admin:index", "admin:tenants_user_changelist", "admin:tenants_company_add"):
            with self.subTest(name):
                response = self.client.get(reverse(name))
                self.assertContains(response, '<span class="tf-company-name">No company</span>')

    def test_visitors_see_none(self) -> None:
        for name in ("landing", "admin:login"):
            self.assertNotContains(self.client.get(reverse(name)), "tf-company-name")

    def test_a_name_with_markup_is_only_text(self) -> None:
        self.acme.name = "<img src=x onerror=alert(1)>{{ 7 }}"
        self.acme.save()
        self.log_in(self.alice)
        response = self.client.get("/app/")
        self.assertNotContains(response, "<img src=x")
        self.assertContains(response, "&lt;img src=x onerror=alert(1)&gt;{{ 7 }}")
