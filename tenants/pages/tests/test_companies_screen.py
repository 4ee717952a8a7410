from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django_tenants.utils import schema_context

from tenants.migrating.versions import version_of
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.testing import PASSWORD, CompanyTestCase

LIST = "admin:tenants_company_changelist"
ADD = "admin:tenants_company_add"
CHANGE = "admin:tenants_company_change"
FOUNDER = {
    "name": "Initech",
    "first_name": "Peter",
    "last_name": "Gibbons",
    "email": "Peter@Initech.example",
    "password": PASSWORD,
}


class CompaniesScreenTests(CompanyTestCase):
    works_outside = True

    def test_nobody_but_a_superuser_sees_it(self) -> None:
        for person in (self.alice, self.charlie, self.uma):
            self.log_in(person)
            for url in (
                reverse(LIST),
                reverse(ADD),
                reverse(CHANGE, args=[self.globex.pk]),
                reverse(CHANGE, args=[self.acme.pk]),
                reverse("admin:tenants_company_delete", args=[self.acme.pk]),
            ):
                with self.subTest(url):
                    self.assertEqual(self.client.get(url).status_code, 403)
                    self.assertEqual(self.client.post(url, {"name": "X"}).status_code, 403)
            url = reverse("enter_company", args=[self.acme.pk])
            self.assertEqual(self.client.post(url).status_code, 404)

    def test_it_lists_and_searches(self) -> None:
        self.log_in(self.root)
        page = self.client.get(reverse(LIST))
        self.assertContains(page, "Acme")
        self.assertContains(page, "Globex")
        self.assertContains(page, reverse("enter_company", args=[self.acme.pk]))
        found = self.client.get(reverse(LIST), {"q": "glob"}).context["cl"].result_list
        self.assertEqual(list(found), [self.globex])
        self.assertEqual(found[0].people_count, 1)

    def test_it_shows_who_is_behind(self) -> None:
        """With as many statements however many are."""
        self.log_in(self.root)
        old = version_of([("tenants", "0001_initial")])
        self.client.get(reverse(LIST))
        plain = self.count_queries(reverse(LIST))
        counts = []
        for number in (2, 20):
            Company.objects.bulk_create(
                Company(name=f"Old {each}", schema_name=f"old_{each}", schema_version=old)
                for each in range(Company.objects.count(), number + 2)
            )
            page = self.client.get(reverse(LIST))
            self.assertContains(page, "Up to date", count=3)  # and the filter
            self.assertContains(page, "Out of date", count=number + 1)
            counts.append(self.count_queries(reverse(LIST)) - plain)
            chosen = self.client.get(reverse(LIST), {"tables": "behind"})
            names = {each.name for each in chosen.context["cl"].result_list}
            self.assertEqual(len(names), number)
            self.assertNotIn("Acme", names)
            counts.append(self.count_queries(f"{reverse(LIST)}?tables=behind") - plain)
            chosen = self.client.get(reverse(LIST), {"tables": "complete"})
            self.assertEqual(len(chosen.context["cl"].result_list), 2)
        listed, filtered, *more = counts
        self.assertEqual((listed, more), (1, [listed, filtered]))

    def test_a_superuser_adds_a_company_with_its_first_person(self) -> None:
        self.log_in(self.root)
        response = self.client.post(reverse(ADD), FOUNDER)
        founder = User.objects.select_related("company").get(email="peter@initech.example")
        link = reverse("admin:tenants_company_one_time_link", args=[founder.company_id])
        self.assertRedirects(response, link, fetch_redirect_response=False)
        self.assertEqual(founder.system_roles(), set(SystemRole))
        assert founder.company is not None
        self.assertEqual(founder.company.name, "Initech")
        with schema_context(founder.company.schema_name):
            self.assertEqual(LogEntry.objects.count(), 0)
        self.assertFalse(founder.has_usable_password())

    def test_it_says_what_is_wrong_with_the_first_person(self) -> None:
        self.log_in(self.root)
        for field, value, message in (
            ("email", self.alice.email.upper(), "Somebody already uses this e-mail address."),
            ("name", "", "This field is required."),
            ("name", "   ", "This field is required."),
        ):
            with self.subTest(field):
                response = self.client.post(reverse(ADD), FOUNDER | {field: value})
                self.assertContains(response, message)
        self.assertFalse(Company.objects.filter(name="Initech").exists())

    def test_it_is_renamed_and_switched_off_and_nothing_else(self) -> None:
        self.log_in(self.root)
        url = reverse(CHANGE, args=[self.acme.pk])
        self.client.post(url, {"name": " Acme Tools ", "schema_name": "globex"})
        self.acme.refresh_from_db()
        self.assertEqual(
            (self.acme.name, self.acme.schema_name, self.acme.is_active),
            ("Acme Tools", "acme", False),
        )

    def test_it_is_never_deleted(self) -> None:
        self.log_in(self.root)
        url = reverse("admin:tenants_company_delete", args=[self.acme.pk])
        self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
        self.client.post(
            reverse(LIST),
            {"action": "delete_selected", "_selected_action": [self.acme.pk], "post": "yes"},
        )
        self.assertTrue(Company.objects.filter(pk=self.acme.pk).exists())

    def test_what_a_superuser_does_is_logged_in_public(self) -> None:
        self.log_in(self.root)
        self.enter(self.acme)
        url = reverse(CHANGE, args=[self.globex.pk])
        self.client.post(url, {"name": "Globex Two", "is_active": "on"})
        self.globex.refresh_from_db()
        self.assertEqual(self.globex.name, "Globex Two")
        with schema_context("acme"):
            self.assertEqual(LogEntry.objects.count(), 0)
        with schema_context("public"):
            self.assertEqual(LogEntry.objects.get().object_repr, "Globex Two")

    def test_the_enter_button_enters(self) -> None:
        self.log_in(self.root)
        people = reverse("admin:tenants_user_changelist")
        self.assertContains(self.client.get(people), self.charlie.email)
        self.enter(self.acme)
        page = self.client.get(people)
        self.assertContains(page, self.alice.email)
        self.assertNotContains(page, self.charlie.email)

    def test_groups_and_jobs_have_no_screen(self) -> None:
        self.log_in(self.root)
        for path in ("auth/group", "procrastinate/procrastinatejob"):
            self.assertEqual(self.client.get(f"/app/{path}/").status_code, 404)
