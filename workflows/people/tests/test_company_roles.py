from __future__ import annotations

from typing import Any

from django.apps import apps
from django.urls import reverse

from tenants.errors import OtherCompanyError
from tenants.models import User
from tenants.testing import CompanyTestCase
from workflows.errors import RoleInUseError, RoleNameInUseError
from workflows.models import CompanyRole
from workflows.people.company_roles import delete_company_role, save_company_role, uses_of_role
from workflows.running.tests.work import NOW, make_form

LIST = "admin:workflows_companyrole_changelist"
ADD = "admin:workflows_companyrole_add"
CHANGE = "admin:workflows_companyrole_change"
DELETE = "admin:workflows_companyrole_delete"


class CompanyRoleTestCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.role = CompanyRole.objects.create(name="Accounting")
        self.role.members.add(self.wendy)
        self.log_in(self.alice)

    def members(self) -> set[User]:
        return set(self.role.members.all())

    def change(self, **values: Any) -> Any:
        url = reverse(CHANGE, args=[self.role.pk])
        return self.client.post(url, {"name": self.role.name} | values)


class ScreenTests(CompanyRoleTestCase):
    def test_it_is_added_with_members(self) -> None:
        values = {"name": " IT ", "description": "Computers", "members": [self.walt.pk]}
        response = self.client.post(reverse(ADD), values)
        self.assertRedirects(response, reverse(LIST), fetch_redirect_response=False)
        role = CompanyRole.objects.get(name="IT")
        self.assertEqual(list(role.members.all()), [self.walt])
        self.assertContains(self.client.get(reverse(LIST)), "Computers")

    def test_an_empty_list_says_what_comes_here(self) -> None:
        CompanyRole.objects.all().delete()
        self.assertContains(self.client.get(reverse(LIST)), "Here the company roles will be listed")
        page = self.client.get(reverse(LIST), {"q": "nowhere"})
        self.assertContains(page, "Nothing found")
        self.assertContains(page, "Show everything")

    def test_a_name_is_unique_in_whatever_case(self) -> None:
        response = self.client.post(reverse(ADD), {"name": "ACCOUNTING"})
        self.assertContains(response, "There is already a company role of this name.")
        with self.assertRaises(RoleNameInUseError):
            save_company_role(role=CompanyRole(name="accounting"), members=[], now=NOW)
        self.change(name="accounting")
        self.role.refresh_from_db()
        self.assertEqual(self.role.name, "accounting")

    def test_only_the_own_companys_active_people_are_members(self) -> None:
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        page = self.client.get(reverse(CHANGE, args=[self.role.pk]))
        self.assertContains(page, f"Wendy Wells ({self.wendy.email})")
        self.assertNotContains(page, "Walt Wood")
        self.assertNotContains(page, "Charlie")
        for person in (self.charlie, self.root, self.walt):
            response = self.change(members=[self.wendy.pk, person.pk])
            self.assertContains(response, "Select a valid choice.")
        self.assertEqual(self.members(), {self.wendy})
        with self.assertRaises(OtherCompanyError):
            save_company_role(role=self.role, members=[self.charlie], now=NOW)

    def test_a_deactivated_member_keeps_the_place(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(is_active=False)
        self.change(members=[self.walt.pk])
        self.assertEqual(self.members(), {self.wendy, self.walt})

    def test_a_workflow_creator_looks_and_others_do_not(self) -> None:
        self.log_in(self.carla)
        self.assertContains(self.client.get(reverse(LIST)), "Accounting")
        self.assertEqual(self.change(members=[]).status_code, 403)
        for person in (self.uma, self.wendy, self.terry):
            self.log_in(person)
            self.assertEqual(self.client.get(reverse(LIST)).status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(reverse(LIST)), "Accounting")
        for name in (CHANGE, DELETE):
            url = reverse(name, args=[self.role.pk])
            self.assertNotEqual(self.client.get(url).status_code, 200)
            self.client.post(url, {"name": "Mine", "post": "yes"})
        self.role.refresh_from_db()
        self.assertEqual(self.role.name, "Accounting")


class DeletingTests(CompanyRoleTestCase):
    def use(self) -> None:
        make_form(role=self.role)

    def open_to_role(self) -> None:
        ticket_type = apps.get_model("workflows", "TicketDefinition").objects.create(
            key="invoice", title="Invoice", workflow=make_form().workflow
        )
        ticket_type.roles_with_access.add(self.role)

    def test_one_that_nothing_names_is_deleted(self) -> None:
        url = reverse(DELETE, args=[self.role.pk])
        self.assertContains(self.client.get(url), "Accounting")
        self.client.post(url, {"post": "yes"})
        self.assertFalse(CompanyRole.objects.exists())

    def test_one_that_a_task_names_stays(self) -> None:
        self.use()
        self.check_it_stays("Review (v1): Review it")

    def test_one_that_a_ticket_type_names_stays(self) -> None:
        """Without its role the ticket type would be open to everybody."""
        self.open_to_role()
        self.check_it_stays("Invoice (v1)")

    def check_it_stays(self, use: str) -> None:
        self.assertEqual(uses_of_role(self.role), [use])
        self.assertContains(self.client.get(reverse(CHANGE, args=[self.role.pk])), use)
        url = reverse(DELETE, args=[self.role.pk])
        page = self.client.get(url, follow=True)
        self.assertContains(page, use)
        self.assertContains(page, "This company role is in use.")
        self.client.post(url, {"post": "yes"})
        many = {"action": "delete_selected", "_selected_action": [self.role.pk], "post": "yes"}
        self.client.post(reverse(LIST), many)
        with self.assertRaises(RoleInUseError):
            delete_company_role(role=self.role)
        self.assertTrue(CompanyRole.objects.filter(pk=self.role.pk).exists())

    def test_several_are_deleted_at_once(self) -> None:
        other = CompanyRole.objects.create(name="Other")
        chosen = [self.role.pk, other.pk]
        many = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
        self.client.post(reverse(LIST), many)
        self.assertFalse(CompanyRole.objects.exists())
