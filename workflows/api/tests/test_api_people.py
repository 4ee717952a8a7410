"""Programs read people, roles and the audit log, and change what people may do, as admins may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from django.http import HttpRequest
from django.utils import timezone

from tenants.api.tests.api_case import ApiCase
from tenants.api.versions import ensure_unchanged
from tenants.models import User
from tenants.roles import SystemRole
from workflows.models import CompanyRole
from workflows.people.change_people import save_person
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


class AtOnceTests(ApiCase):
    """Another admin comes in between, after what was read was compared and before the locks."""

    def _switched_off_meanwhile(self) -> Callable[..., None]:
        def switched_off() -> None:
            uma = User.objects.get(pk=self.uma.pk)
            uma.is_active = False
            save_person(
                person=uma, roles=[], company_roles=[], now=timezone.now(), actor=self.alice
            )

        return self._meanwhile(switched_off)

    def _meanwhile(self, happens: Callable[[], object]) -> Callable[..., None]:
        came = list[bool]()

        def compared(request: HttpRequest, marker: object, **more: Any) -> None:
            ensure_unchanged(request, marker, **more)
            if not came:
                came.append(True)
                happens()

        return compared

    def _renamed(self, **headers: Any) -> Any:
        body = {"first_name": "Una", "last_name": "User", "email": self.uma.email}
        with patch(
            "tenants.api.versions.ensure_unchanged", side_effect=self._switched_off_meanwhile()
        ):
            return self.ask(self.alice, "PUT", f"people/{self.uma.pk}", body, **headers)

    def test_another_name_switches_nobody_on_again(self) -> None:
        self.assertEqual(self._renamed().status_code, 200)
        uma = User.objects.get(pk=self.uma.pk)
        self.assertEqual((uma.first_name, uma.is_active), ("Una", False))
        self.assertEqual(uma.system_roles(), set())

    def test_another_name_writes_no_address_back(self) -> None:
        own = User.objects.filter(pk=self.uma.pk)
        body = {"first_name": "Una", "last_name": "User", "email": self.uma.email}
        changed = self._meanwhile(lambda: own.update(email="una@acme.example"))
        with patch("tenants.api.versions.ensure_unchanged", side_effect=changed):
            path = f"people/{self.uma.pk}"
            said = self.ask(self.alice, "PUT", path, body, expect=200).json()
        self.assertEqual((said["email"], said["first_name"]), ("una@acme.example", "Una"))

    def test_who_says_what_somebody_may_do_gives_them_no_name_back(self) -> None:
        own = User.objects.filter(pk=self.uma.pk)
        renamed = {"first_name": "Una", "email": "una@acme.example", "manager": self.terry}
        access = {
            "is_active": True,
            "is_available": True,
            "system_roles": ["user"],
            "company_roles": [],
        }
        changed = self._meanwhile(lambda: own.update(**renamed))
        with patch("tenants.api.versions.ensure_unchanged", side_effect=changed):
            self.ask(self.alice, "PUT", f"people/{self.uma.pk}/access", access, expect=200)
        uma = own.get()
        found = {"first_name": uma.first_name, "email": uma.email, "manager": uma.manager}
        self.assertEqual(found, renamed)

    def test_an_absence_is_compared_under_the_lock(self) -> None:
        own = User.objects.filter(pk=self.uma.pk)
        path = f"people/{self.uma.pk}"
        read = self.ask(self.alice, "GET", path, expect=200)
        body = {"away_from": "2099-01-01T00:00:00Z", "away_until": "2099-02-01T00:00:00Z"}
        changed = self._meanwhile(lambda: own.update(first_name="Una"))
        match: dict[str, Any] = {"If-Match": read["ETag"]}
        with patch("tenants.api.versions.ensure_unchanged", side_effect=changed):
            refused = self.ask(self.alice, "PUT", f"{path}/absence", body, **match)
        self.assert_problem(refused, 412)
        self.assertIsNone(own.get().away_from)

    def test_a_role_that_was_changed_meanwhile_is_not_deleted(self) -> None:
        role = CompanyRole.objects.create(name="Drivers")
        path = f"roles/{role.pk}"
        match: dict[str, Any] = {"If-Match": self.ask(self.alice, "GET", path)["ETag"]}
        changed = self._meanwhile(lambda: role.members.add(self.wendy))
        with patch("tenants.api.versions.ensure_unchanged", side_effect=changed):
            self.assert_problem(self.ask(self.alice, "DELETE", path, **match), 412)
        self.assertTrue(CompanyRole.objects.filter(pk=role.pk).exists())

    def test_what_was_read_is_compared_under_the_lock(self) -> None:
        read = self.ask(self.alice, "GET", f"people/{self.uma.pk}", expect=200)
        self.assert_problem(self._renamed(**{"If-Match": read["ETag"]}), 412)
        uma = User.objects.get(pk=self.uma.pk)
        self.assertEqual((uma.first_name, uma.is_active), (self.uma.first_name, False))

    def test_who_was_put_into_a_role_meanwhile_stays_in_it(self) -> None:
        role, came = CompanyRole.objects.create(name="Drivers"), list[bool]()
        path = f"roles/{role.pk}"
        read = self.ask(self.alice, "GET", path, expect=200)

        def compared(request: HttpRequest, marker: object, **more: Any) -> None:
            ensure_unchanged(request, marker, **more)
            if not came:
                came.append(True)
                role.members.add(self.wendy)

        body = {"name": "Drivers", "members": [self.uma.pk]}
        match: dict[str, Any] = {"If-Match": read["ETag"]}
        with patch("tenants.api.versions.ensure_unchanged", side_effect=compared):
            self.assert_problem(self.ask(self.alice, "PUT", path, body, **match), 412)
        self.assertEqual(list(role.members.all()), [self.wendy])
