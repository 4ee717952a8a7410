"""Whoever has a second factor is let in by nothing less."""

from __future__ import annotations

from typing import Any
from unittest import mock

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.urls import reverse

from project.tests.pages import all_pages
from tenants.connection import use_public
from tenants.logging_in import passwords
from tenants.logging_in.second_factor import (
    check_code,
    encrypt_second_factors_again,
    new_recovery_codes,
    new_secret,
)
from tenants.models import User
from tenants.services import set_second_factor_demanded
from tenants.testing import PASSWORD, CompanyClient, CompanyTestCase, outside

LOGIN = "/app/login/"
SECOND = "/app/login/second-factor/"
OWN = "/app/account/second-factor/"
HOME = "/app/"


def code_of(secret: str, *, later: int = 0) -> str:
    """What the app shows, so many steps of half a minute from now."""
    *_before, counter, _after = totp.yield_hotp_counters_from_time()
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter + later)))


class SecondFactorCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()

    def give_factor(self, person: User) -> str:
        secret = new_secret()
        with outside():
            totp.TOTP.activate(person, secret)
        return secret

    def give_password(self, person: User, **more: str) -> Any:
        return self.client.post(LOGIN, {"username": person.email, "password": PASSWORD, **more})

    def is_in(self, client: Any = None) -> bool:
        return "_auth_user_id" in (client or self.client).session


class LogInTests(SecondFactorCase):
    def test_the_password_alone_does_not_let_in_whichever_address_it_is_sent_to(self) -> None:
        self.give_factor(self.uma)
        sent = {
            "username": self.uma.email,
            "login": self.uma.email,
            "email": self.uma.email,
            "password": PASSWORD,
            "password_again": PASSWORD,
        }
        for page in all_pages():
            path = page.path(**dict.fromkeys(page.arguments, "1"))
            with self.subTest(str(page)):
                self.client.post(path, sent)
                self.assertFalse(self.is_in())
                self.assertNotEqual(self.client.get(HOME).status_code, 200)
                # Nobody sees what they are told meanwhile: it would be written again each time.
                self.client.cookies.pop("messages", None)

    def test_it_is_asked_for_after_the_password(self) -> None:
        secret = self.give_factor(self.uma)
        wanted = reverse("admin:password_change")
        self.assertRedirects(self.give_password(self.uma, next=wanted), SECOND)
        self.assertEqual(self.client.get(HOME).status_code, 302)
        answer = self.client.post(SECOND, {"code": code_of(secret)})
        self.assertRedirects(answer, wanted)
        self.assertTrue(self.is_in())

    def test_a_code_is_taken_once(self) -> None:
        secret = self.give_factor(self.uma)
        code = code_of(secret)
        for expected in (True, False):
            self.client.logout()
            self.give_password(self.uma)
            self.client.post(SECOND, {"code": code})
            self.assertEqual(self.is_in(), expected)

    def test_a_recovery_code_lets_in_once(self) -> None:
        self.give_factor(self.uma)
        code = new_recovery_codes(user=self.uma)[0]
        for expected in (True, False):
            self.client.logout()
            self.give_password(self.uma)
            self.client.post(SECOND, {"code": f"{code[:4]} {code[4:]}"})
            self.assertEqual(self.is_in(), expected)

    def test_codes_are_not_guessed(self) -> None:
        secret = self.give_factor(self.uma)
        for _each in range(5):
            self.give_password(self.uma)
            wrong = self.client.post(SECOND, {"code": "abc"})
            self.assertContains(wrong, "This code is not right")
        self.give_password(self.uma)  # a right password forgives none of them
        answer = self.client.post(SECOND, {"code": code_of(secret)})
        self.assertContains(answer, "wrong several times")
        self.assertFalse(self.is_in())

    def test_the_password_counts_for_some_minutes_and_as_long_as_it_is_the_password(self) -> None:
        secret = self.give_factor(self.uma)
        for change in ("time", "password", "inactive"):
            self.uma.is_active = True
            self.uma.set_password(PASSWORD)
            self.uma.save()
            self.give_password(self.uma)
            session = self.client.session
            if change == "time":
                session["waits_for_second_factor"] |= {"at": 0}
                session.save()
            elif change == "password":
                self.uma.set_password("another-password-1")
                self.uma.save()
            else:
                self.uma.is_active = False
                self.uma.save()
            with self.subTest(change):
                answer = self.client.post(SECOND, {"code": code_of(secret)})
                self.assertRedirects(answer, LOGIN)
                self.assertFalse(self.is_in())

    def test_without_a_password_there_is_nothing_to_see(self) -> None:
        self.assertRedirects(self.client.get(SECOND), LOGIN)
        self.assertRedirects(self.client.post(SECOND, {"code": "123456"}), LOGIN)

    def test_nothing_that_a_person_can_type_breaks_it(self) -> None:
        self.give_factor(self.uma)
        new_recovery_codes(user=self.uma)
        for value in ("", " ", "a\0b", "x" * 9_000, "٣٣٣٣٣٣", "-1", "é"):
            caches["rates"].clear()
            self.give_password(self.uma)
            with self.subTest(value[:10]):
                self.assertEqual(self.client.post(SECOND, {"code": value}).status_code, 200)
        self.assertFalse(self.is_in())


class OwnPageTests(SecondFactorCase):
    def set_up(self, client: Any) -> Any:
        client.get(OWN)
        secret = client.session["second_factor_secret"]
        return client.post(OWN, {"verb": "activate", "code": code_of(secret)})

    def test_a_person_sets_it_up_and_is_shown_recovery_codes(self) -> None:
        self.log_in(self.uma)
        other = CompanyClient()
        other.force_login(self.uma)
        page = self.client.get(OWN)
        self.assertContains(page, "data:image/svg+xml")
        self.assertIn("no-store", page["Cache-Control"])
        codes = self.set_up(self.client).context["codes"]
        self.assertEqual(len(codes), 10)
        self.assertEqual(other.get(HOME).status_code, 302)  # it was begun without
        self.assertTrue(check_code(user=self.uma, code=codes[3], request=page.wsgi_request))
        self.assertContains(self.client.get(OWN), "9 recovery codes left")
        self.assertNotContains(self.client.get(OWN), codes[0])

    def test_a_wrong_code_sets_nothing_up(self) -> None:
        self.log_in(self.uma)
        self.client.get(OWN)
        for code in ("000", "", "x" * 900, "\0"):
            page = self.client.post(OWN, {"verb": "activate", "code": code})
            self.assertContains(page, "not the code that the app shows")
        self.assertFalse(Authenticator.objects.exists())

    def test_it_is_not_replaced_by_whoever_sends_activate_again(self) -> None:
        self.log_in(self.uma)
        self.set_up(self.client)
        kept = Authenticator.objects.get(type="totp").data
        self.client.post(OWN, {"verb": "activate", "code": "123456"})
        self.assertEqual(Authenticator.objects.get(type="totp").data, kept)

    def test_new_codes_replace_the_old_ones(self) -> None:
        self.log_in(self.uma)
        before = self.set_up(self.client).context["codes"]
        after = self.client.post(OWN, {"verb": "codes"}).context["codes"]
        self.assertFalse(set(before) & set(after))

    def test_it_is_removed(self) -> None:
        self.log_in(self.uma)
        self.set_up(self.client)
        self.client.post(OWN, {"verb": "remove"})
        self.client.logout()
        self.give_password(self.uma)
        self.assertTrue(self.is_in())

    def test_secrets_are_encrypted_in_the_database(self) -> None:
        secret = self.give_factor(self.uma)
        new_recovery_codes(user=self.uma)
        with connection.cursor() as cursor:
            cursor.execute("SELECT data::text FROM public.mfa_authenticator")
            kept = " ".join(row[0] for row in cursor.fetchall())
        self.assertNotIn(secret, kept)
        with override_settings(FIELD_ENCRYPTION_KEYS=["n" * 40, *settings.FIELD_ENCRYPTION_KEYS]):
            self.assertEqual(encrypt_second_factors_again(), 2)
        with override_settings(FIELD_ENCRYPTION_KEYS=["n" * 40]):
            self.give_password(self.uma)
            self.client.post(SECOND, {"code": code_of(secret)})
        self.assertTrue(self.is_in())

    def test_with_one_a_password_may_be_shorter(self) -> None:
        self.assertEqual(passwords.shortest_for(self.uma), 12)
        self.give_factor(self.uma)
        self.assertEqual(passwords.shortest_for(self.uma), 10)


class DemandedTests(SecondFactorCase):
    def test_where_the_company_demands_it_who_has_none_is_led_to_setting_it_up(self) -> None:
        set_second_factor_demanded(company=self.acme, demanded=True)
        self.give_password(self.uma)
        for path in (HOME, "/app/tickets/myticket/", reverse("admin:password_change"), "/"):
            self.assertRedirects(self.client.get(path), OWN)
            self.assertRedirects(self.client.post(path), OWN)
        self.assertContains(self.client.get(OWN), "You need a second factor")
        OwnPageTests.set_up(OwnPageTests(), self.client)
        self.assertEqual(self.client.get(HOME).status_code, 200)
        self.client.post(OWN, {"verb": "remove"})
        self.assertTrue(Authenticator.objects.filter(user=self.uma).exists())

    def test_others_are_not_asked(self) -> None:
        set_second_factor_demanded(company=self.acme, demanded=True)
        for person in (self.charlie, self.root):
            self.log_in(person)
            self.assertEqual(self.client.get(HOME).status_code, 200)

    @override_settings(REQUIRE_SECOND_FACTOR=True)
    def test_superusers_by_a_setting(self) -> None:
        self.log_in(self.root)
        self.assertRedirects(self.client.get(HOME), OWN)
        self.assertRedirects(self.client.post(f"/companies/{self.acme.pk}/enter/"), OWN)
        self.log_in(self.uma)
        self.assertEqual(self.client.get(HOME).status_code, 200)

    def test_a_session_that_was_begun_without_begins_anew(self) -> None:
        self.give_factor(self.uma)
        set_second_factor_demanded(company=self.acme, demanded=True)
        self.log_in(self.uma)
        self.assertRedirects(self.client.get(OWN), LOGIN)
        self.assertFalse(self.is_in())

    def test_an_admin_of_the_company_demands_it(self) -> None:
        page = reverse("admin:tenants_user_second_factors")
        self.log_in(self.alice)
        self.assertContains(self.client.get(page), "Demand it of everybody")
        self.client.post(page, {"demanded": "1"})
        self.acme.refresh_from_db()
        with outside():
            self.globex.refresh_from_db()
        self.assertTrue(self.acme.asks_second_factor)
        self.assertFalse(self.globex.asks_second_factor)
        for person in (self.charlie, self.uma):
            self.log_in(person)
            self.client.post(page, {"demanded": "0"})
        self.acme.refresh_from_db()
        self.assertTrue(self.acme.asks_second_factor)


class LostTests(SecondFactorCase):
    def remove(self, person: User, of: User) -> Any:
        self.log_in(person)
        address = reverse("admin:tenants_user_second_factor", args=[of.pk])
        return self.client.get(address).status_code, self.client.post(address).status_code

    def test_an_admin_removes_it_of_people_of_the_own_company(self) -> None:
        self.give_factor(self.uma)
        there = CompanyClient()
        there.force_login(self.uma)
        for person in (self.charlie, self.wendy):
            self.assertNotEqual(self.remove(person, self.uma)[0], 200)
            self.assertTrue(Authenticator.objects.filter(user=self.uma).exists())
        self.assertEqual(self.remove(self.alice, self.uma), (200, 302))
        self.assertFalse(Authenticator.objects.filter(user=self.uma).exists())
        self.assertEqual(there.get(HOME).status_code, 302)

    def test_whoever_runs_the_server_removes_a_superusers(self) -> None:
        self.give_factor(self.root)
        use_public()
        call_command("remove_second_factor", self.root.email, stdout=mock.Mock())
        self.assertFalse(Authenticator.objects.exists())
        for email in (self.root.email, "nobody@nowhere.example"):
            with self.assertRaises(CommandError):
                call_command("remove_second_factor", email)
