"""Programs read people, roles and the audit log, and change what people may do, as admins may."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tenants.api.tests.api_case import ApiCase
from tenants.models import User
from tenants.roles import SystemRole
from workflows.models import CompanyRole
from workflows.people.service_accounts import add_account


class PeopleTests(ApiCase):
    def test_admins_list_and_change_people(self) -> None:
        listed = self.ask(self.alice, "GET", "people", expect=200).json()["items"]
        emails = {each["email"] for each in listed}
        self.assertIn(self.uma.email, emails)
        self.assertNotIn(self.charlie.email, emails)
        path = f"people/{self.uma.pk}"
        read = self.ask(self.alice, "GET", path, expect=200)
        access = {
            "is_active": True,
            "is_available": True,
            "system_roles": ["task_worker"],
            "company_roles": [],
        }
        match = {"If-Match": read["ETag"]}
        self.ask(self.alice, "PUT", f"{path}/access", access, **match, expect=200)
        uma = User.objects.get(pk=self.uma.pk)
        self.assertEqual(uma.system_roles(), {SystemRole.TASK_WORKER})
        stale = self.ask(self.alice, "PUT", f"{path}/access", access, **match)
        self.assert_problem(stale, 412)

    def test_who_is_switched_off_loses_their_tokens_for_good(self) -> None:
        account = add_account(
            name="Payroll", roles=[], company_roles=[], by=self.alice, now=timezone.now()
        )
        raw = self.token_of(account, by=self.alice).raw
        others = self.raw_of(self.uma)
        access: dict[str, Any] = {"is_available": True, "system_roles": [], "company_roles": []}
        path = f"people/{account.pk}/access"
        self.ask(raw, "GET", "notices", expect=200)
        for is_active in (False, True):
            self.ask(self.alice, "PUT", path, {**access, "is_active": is_active}, expect=200)
            self.assert_problem(self.ask(raw, "GET", "notices"), 401)
        raw = self.token_of(account, by=self.alice).raw
        self.ask(self.alice, "PUT", path, {**access, "is_active": True}, expect=200)
        self.ask(raw, "GET", "notices", expect=200)
        self.ask(others, "GET", "notices", expect=200)

    def test_nobody_else_and_nobody_elses(self) -> None:
        self.assert_problem(self.ask(self.uma, "GET", "people"), 403)
        self.assert_problem(self.ask(self.alice, "GET", f"people/{self.charlie.pk}"), 404)
        self.assert_problem(self.ask(self.alice, "GET", f"people/{self.root.pk}"), 404)
        theirs = self.ask(self.charlie, "GET", "people").json()["items"]
        self.assertEqual([each["id"] for each in theirs], [self.charlie.pk])

    def test_the_last_admin_stays_one(self) -> None:
        access = {
            "is_active": True,
            "is_available": True,
            "system_roles": [],
            "company_roles": [],
        }
        refused = self.ask(self.alice, "PUT", f"people/{self.alice.pk}/access", access)
        said = self.assert_problem(refused, 409)
        self.assertEqual(said["errors"][0]["pointer"], "/system_roles")

    def test_roles_are_read_and_changed(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        path = f"roles/{role.pk}"
        self.assertEqual(len(self.ask(self.alice, "GET", "roles", expect=200).json()["items"]), 1)
        wanted = {"name": "Purchasers", "members": [self.wendy.pk]}
        self.ask(self.alice, "PUT", path, wanted, expect=200)
        read = self.ask(self.alice, "GET", path, expect=200).json()
        self.assertEqual((read["name"], read["members"]), ("Purchasers", [self.wendy.pk]))
        for name in (" ", "\u200b", "\u00a0\u2060", ""):
            refused = self.ask(self.alice, "PUT", path, {**wanted, "name": name})
            self.assertIn(refused.status_code, (409, 422))
            self.assertEqual(refused.json()["errors"][0]["pointer"], "/name")
        role.refresh_from_db()
        self.assertEqual(role.name, "Purchasers")
        others = {"name": "Purchasers", "members": [self.charlie.pk]}
        self.assert_problem(self.ask(self.alice, "PUT", path, others), 404)
        self.assert_problem(self.ask(self.charlie, "GET", path), 404)

    def test_the_audit_log_names_the_token(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        wanted = {"name": "Purchasers", "members": []}
        self.ask(self.alice, "PUT", f"roles/{role.pk}", wanted, expect=200)
        lines = self.ask(self.alice, "GET", "audit?kind=people.role_changed", expect=200).json()
        self.assertEqual(lines["items"][0]["data"]["through"]["token"], "A program")
        self.assert_problem(self.ask(self.uma, "GET", "audit"), 403)
        self.assertNotIn("Purchasers", str(self.ask(self.charlie, "GET", "audit").json()))
