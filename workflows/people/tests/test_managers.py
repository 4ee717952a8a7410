"""Whose manager is who: on the page of a person, in files, and never somebody of elsewhere."""

from __future__ import annotations

from unittest.mock import patch

from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.errors import OtherCompanyError
from tenants.models import User
from tenants.testing import CompanyTestCase
from workflows.errors import ManagerError
from workflows.people.managers import set_manager
from workflows.people.pages.person_resource import PersonResource


class ManagerTests(CompanyTestCase):
    def name(self, person: User, manager: User | None) -> None:
        set_manager(user=person, manager=manager, actor=self.alice, now=timezone.now())

    def manager_of(self, person: User) -> User | None:
        found: User | None = User.objects.select_related("manager").get(pk=person.pk).manager
        return found

    def test_one_is_named_and_the_log_says_so(self) -> None:
        self.name(self.uma, self.wendy)
        self.assertEqual(self.manager_of(self.uma), self.wendy)
        event = AuditEvent.objects.filter(kind="people.changed").latest("pk")
        self.assertEqual(event.data["changes"]["manager"], ["", self.wendy.email])
        self.name(self.uma, None)
        self.assertIsNone(self.manager_of(self.uma))

    def test_nobody_is_their_own_nor_has_one_of_elsewhere(self) -> None:
        for person, manager in ((self.uma, self.uma), (self.uma, self.charlie)):
            with self.assertRaises(ManagerError):
                self.name(person, manager)
        with self.assertRaises(OtherCompanyError):
            self.name(self.charlie, self.wendy)
        with self.assertRaises(ManagerError):
            self.name(self.uma, self.root)

    def test_a_circle_is_nobodys_business(self) -> None:
        self.name(self.uma, self.wendy)
        self.name(self.wendy, self.uma)
        self.assertEqual(self.manager_of(self.wendy), self.uma)

    def test_on_the_page_of_a_person(self) -> None:
        self.log_in(self.alice)
        page = reverse("admin:tenants_user_change", args=[self.uma.pk])
        self.assertContains(self.client.get(page), self.wendy.email)
        data = {
            "first_name": "Uma", "last_name": "Urban", "email": self.uma.email,
            "system_roles": ["user"], "is_available": "on", "is_active": "on",
            "manager": self.wendy.pk,
        }  # fmt: skip
        self.assertEqual(self.client.post(page, data).status_code, 302)
        self.assertEqual(self.manager_of(self.uma), self.wendy)
        for wrong in (self.uma.pk, self.charlie.pk, "x"):
            self.assertEqual(self.client.post(page, {**data, "manager": wrong}).status_code, 200)
        self.assertEqual(self.manager_of(self.uma), self.wendy)
        self.log_in(self.uma)
        self.assertContains(self.client.get(reverse("admin:account_profile")), "Wendy Wells")

    def test_of_many_one_is_searched(self) -> None:
        self.log_in(self.alice)
        page = reverse("admin:tenants_user_change", args=[self.uma.pk])
        data = {
            "first_name": "Uma", "last_name": "Urban", "email": self.uma.email,
            "system_roles": ["user"], "is_available": "on", "is_active": "on",
        }  # fmt: skip
        self.assertContains(self.client.get(page), '<select name="manager"')
        with patch("workflows.people.pages.person_form.MOST_LISTED", 0):
            for address in (page, reverse("admin:tenants_user_add")):
                shown = self.client.get(address)
                self.assertNotContains(shown, self.walt.email)
                self.assertContains(shown, "person/people.js")
                self.assertContains(shown, "data-people=")
            for typed in (self.wendy.email.upper(), " wendy  WELLS "):
                self.name(self.uma, None)
                self.assertEqual(
                    self.client.post(page, {**data, "manager": typed}).status_code, 302
                )
                self.assertEqual(self.manager_of(self.uma), self.wendy, typed)
            self.assertContains(self.client.get(page), f'value="{self.wendy.email}"')
            for typed in (self.uma.email, self.charlie.email, "Nobody", "x\x00", str(self.walt.pk)):
                answer = self.client.post(page, {**data, "manager": typed})
                self.assertContains(answer, str(ManagerError.message), msg_prefix=typed)
            # Who has left since stays.
            User.objects.filter(pk=self.wendy.pk).update(is_active=False)
            self.client.post(page, {**data, "manager": self.wendy.email, "last_name": "Ulm"})
            self.assertEqual(self.manager_of(self.uma), self.wendy)
            self.assertEqual(User.objects.get(pk=self.uma.pk).last_name, "Ulm")
            self.client.post(page, {**data, "manager": ""})
            self.assertIsNone(self.manager_of(self.uma))

    def test_in_files(self) -> None:
        self.name(self.uma, self.wendy)
        row = PersonResource().row_of(User.objects.select_related("manager").get(pk=self.uma.pk))
        self.assertEqual(row.manager, self.wendy.email)
