"""The pages on which people make and revoke tokens, and admins keep service accounts."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from tenants.account.pages import token_form
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.models import AccessToken, User
from tenants.roles import SystemRole
from tenants.testing import PASSWORD, CompanyTestCase
from tenants.tokens.holder import holder_of
from tenants.tokens.scopes import Scope
from workflows.people.service_accounts import service_accounts

OWN, NEW = "admin:account_tokens", "admin:account_token_new"
ACCOUNTS = "admin:tenants_user_accounts"
VALUES = {"name": "Payroll", "scopes": [Scope.TICKETS_READ.value], "days": "30"}
ROBOT = {"name": "Robot", "is_active": "on", "system_roles": [SystemRole.USER.value]}


class PageCase(CompanyTestCase):
    def come_back_later(self) -> None:
        session = self.client.session
        session[CONFIRMED_AT] = 0
        session.save()

    def raw_of(self, answer: Any) -> str:
        return str(answer.context["made"].raw)


class OwnTokenTests(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.uma)

    def test_without_any_it_says_how_to_begin(self) -> None:
        page = self.client.get(reverse(OWN))
        self.assertContains(page, "Nothing acts for you yet")
        self.assertContains(page, "http://testserver/mcp</code>")
        self.assertContains(page, reverse("api_reference"))
        self.client.post(reverse(NEW), VALUES)
        listed = self.client.get(reverse(OWN))
        self.assertNotContains(listed, "Nothing acts for you yet")
        self.assertContains(listed, "http://testserver/mcp</code>")
        self.assertContains(listed, reverse("api_reference"))

    def test_it_is_shown_once_and_lets_in(self) -> None:
        answer = self.client.post(reverse(NEW), VALUES)
        raw = self.raw_of(answer)
        self.assertContains(answer, raw)
        self.assertContains(answer, "http://testserver/mcp</code>")
        self.assertIn("no-store", answer["Cache-Control"])
        self.assertEqual(holder_of(raw, now=timezone.now(), address="").user, self.uma)
        listed = self.client.get(reverse(OWN))
        self.assertContains(listed, "Payroll")
        self.assertNotContains(listed, raw)

    def test_the_password_is_asked_for_again(self) -> None:
        self.come_back_later()
        asked = self.client.post(reverse(NEW), VALUES)
        self.assertContains(asked, "password_again", status_code=403)
        self.assertFalse(AccessToken.objects.exists())
        answer = self.client.post(reverse(NEW), {**VALUES, "password_again": PASSWORD})
        self.assertTrue(self.raw_of(answer))

    def test_what_is_refused_stands_at_its_field(self) -> None:
        wrong = {**VALUES, "addresses": "nowhere"}
        self.assertContains(
            self.client.post(reverse(NEW), wrong), "No address or network: “nowhere”"
        )
        publishing = {**VALUES, "assistant": "Claude", "scopes": ["definitions:publish"]}
        self.assertContains(self.client.post(reverse(NEW), publishing), "An assistant never")
        self.assertFalse(AccessToken.objects.exists())

    def test_one_is_revoked_at_once_without_the_password(self) -> None:
        raw = self.raw_of(self.client.post(reverse(NEW), VALUES))
        self.come_back_later()
        token = AccessToken.objects.get()
        self.client.post(reverse(OWN), {"token": token.pk})
        with self.assertRaisesMessage(Exception, "does not count"):
            holder_of(raw, now=timezone.now(), address="")
        self.assertContains(self.client.get(reverse(OWN)), "Revoked")

    def test_however_many_were_revoked_since_one_that_counts_is_found(self) -> None:
        """On one's own page, and on the admins': else nobody could take it back."""
        self.client.post(reverse(NEW), VALUES)
        [token] = AccessToken.objects.all()
        now = timezone.now()
        AccessToken.objects.bulk_create(
            AccessToken(
                owner=self.uma, company=self.acme, name="Noise", digest=bytes([number, 7]),
                created_by=self.uma, created_at=now, expires_at=now, revoked_at=now,
            )
            for number in range(6)
        )  # fmt: skip
        for person, page in ((self.uma, OWN), (self.alice, ACCOUNTS)):
            self.log_in(person)
            with mock.patch.object(token_form, "MOST_LISTED", 3):
                first = self.client.get(reverse(page))
                self.assertContains(first, f'value="{token.pk}"')
                self.assertContains(first, "?page=2")
                last = self.client.get(reverse(page), {"page": "3"})
            self.assertContains(last, "Noise", count=1)
            self.assertNotContains(last, "?page=")

    def test_somebody_elses_is_not_found(self) -> None:
        self.client.post(reverse(NEW), VALUES)
        token = AccessToken.objects.get()
        for person in (self.wendy, self.charlie):
            self.log_in(person)
            self.assertNotContains(self.client.get(reverse(OWN)), "Payroll")
            for number in (token.pk, "x", "9" * 30):
                self.client.post(reverse(OWN), {"token": number})
        token.refresh_from_db()
        self.assertIsNone(token.revoked_at)

    def test_a_superuser_has_none(self) -> None:
        self.log_in(self.root)
        for name in (OWN, NEW):
            self.assertEqual(self.client.get(reverse(name)).status_code, 403)
        self.assertEqual(self.client.post(reverse(NEW), VALUES).status_code, 403)


class ServiceAccountTests(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.alice)

    def add(self) -> User:
        self.client.post(reverse("admin:tenants_user_account_new"), ROBOT)
        found: User = service_accounts().get()
        return found

    def test_an_admin_adds_one_and_makes_its_token(self) -> None:
        account = self.add()
        self.assertEqual(account.system_roles(), {SystemRole.USER})
        address = reverse("admin:tenants_user_account_token", args=[account.pk])
        raw = self.raw_of(self.client.post(address, VALUES))
        self.assertEqual(holder_of(raw, now=timezone.now(), address="").user, account)
        listed = self.client.get(reverse(ACCOUNTS))
        self.assertContains(listed, "Robot")
        self.assertContains(listed, "Payroll")

    def test_the_password_is_asked_for_again(self) -> None:
        account = self.add()
        self.come_back_later()
        for name, arguments, values in (
            ("account_new", [], ROBOT),
            ("account", [account.pk], ROBOT),
            ("account_token", [account.pk], VALUES),
        ):
            address = reverse(f"admin:tenants_user_{name}", args=arguments)
            self.assertEqual(self.client.post(address, values).status_code, 403)
        self.assertEqual(service_accounts().count(), 1)

    def test_it_is_changed_and_switched_off(self) -> None:
        account = self.add()
        address = reverse("admin:tenants_user_account", args=[account.pk])
        self.assertContains(self.client.get(address), "Robot")
        self.client.post(address, {**ROBOT, "name": "Machine", "is_active": ""})
        account.refresh_from_db()
        self.assertEqual((str(account), account.is_active), ("Machine", False))

    def test_it_does_not_stand_among_the_people(self) -> None:
        account = self.add()
        self.assertNotContains(
            self.client.get(reverse("admin:tenants_user_changelist")), "accounts.invalid"
        )
        change = reverse("admin:tenants_user_change", args=[account.pk])
        self.assertEqual(self.client.get(change).status_code, 404)

    def test_an_admin_revokes_a_persons_token(self) -> None:
        self.log_in(self.uma)
        self.client.post(reverse(NEW), VALUES)
        self.log_in(self.alice)
        self.client.post(reverse(ACCOUNTS), {"token": AccessToken.objects.get().pk})
        self.assertIsNotNone(AccessToken.objects.get().revoked_at)

    def test_nobody_else_comes_in(self) -> None:
        account = self.add()
        addresses = [
            reverse(ACCOUNTS),
            reverse("admin:tenants_user_account_new"),
            reverse("admin:tenants_user_account", args=[account.pk]),
            reverse("admin:tenants_user_account_token", args=[account.pk]),
        ]
        for person in (self.uma, self.carla):
            self.log_in(person)
            for address in addresses:
                self.assertEqual(self.client.get(address).status_code, 403)
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(addresses[0]), "Robot")
        for address in addresses[2:]:
            self.assertEqual(self.client.get(address).status_code, 404)
        self.log_in(self.root)
        self.enter(self.acme)
        for address in addresses:
            self.assertEqual(self.client.get(address).status_code, 403)
