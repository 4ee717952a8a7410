"""A passkey lets in its own person, at this site, once for each thing that was asked."""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import override_settings
from django.test.client import RequestFactory

from tenants.account.tests.passkey_device import Device
from tenants.account.tests.test_second_factor import (
    HOME,
    LOGIN,
    OWN,
    SECOND,
    SecondFactorCase,
    code_of,
)
from tenants.logging_in import passwords
from tenants.logging_in.passkeys import MOST_PASSKEYS, domain_of
from tenants.models import AttemptCount, Passkey, RequestCount, User
from tenants.services import set_second_factor_demanded
from tenants.testing import PASSWORD, CompanyClient

ALONE = "/app/login/passkey/"
NOT_TAKEN = "This passkey was not accepted"
TOO_LATE = "took too long, or was sent twice"


class PasskeyCase(SecondFactorCase):
    def setUp(self) -> None:
        super().setUp()
        self.client = self.browser()

    def browser(self, person: User | None = None) -> CompanyClient:
        """At localhost, where there are passkeys."""
        browser = CompanyClient(SERVER_NAME="localhost")
        if person is not None:
            browser.force_login(person)
        return browser

    def add(self, person: User, device: Device | None = None, name: str = "Phone") -> Any:
        browser, device = self.browser(person), device or Device()
        sent = {"verb": "add_passkey", "name": name, "passkey": self.made(browser, device)}
        return browser.post(OWN, sent)

    def made(self, browser: Any, device: Device) -> str:
        return device.make(json.loads(browser.get(OWN).context["options"]))

    def give_password(self, person: User, **more: str) -> Any:
        return self.client.post(LOGIN, {"username": person.email, "password": PASSWORD, **more})

    def asked(self, person: User) -> dict[str, Any]:
        """What the page after the password asks the device."""
        self.give_password(person)
        return dict(json.loads(self.client.get(SECOND).context["options"]))

    def answer(self, answer: str) -> Any:
        return self.client.post(SECOND, {"passkey": answer})


class AddTests(PasskeyCase):
    SECONDS_EACH = 0.8

    def test_a_person_adds_one_and_is_given_recovery_codes(self) -> None:
        other = self.browser(self.uma)
        page = self.add(self.uma, name="My phone")
        self.assertEqual(len(page.context["codes"]), 10)
        kept = Passkey.objects.get()
        self.assertEqual((kept.user, kept.name, kept.domain), (self.uma, "My phone", "localhost"))
        self.assertEqual(other.get(HOME).status_code, 302)  # it was begun without
        self.assertEqual(passwords.shortest_for(self.uma), 10)

    def test_a_second_one_leaves_the_recovery_codes_as_they_are(self) -> None:
        self.add(self.uma)
        before = Authenticator.objects.get(type="recovery_codes").data
        second = Device()
        self.assertRedirects(self.add(self.uma, second), OWN, fetch_redirect_response=False)
        self.assertEqual(Authenticator.objects.get(type="recovery_codes").data, before)
        one, two = Passkey.objects.of_person(self.uma)
        self.assertEqual(bytes(one.user_handle), bytes(two.user_handle))

    def test_app_and_passkey_stand_beside_each_other(self) -> None:
        secret = self.give_factor(self.uma)
        device = Device()
        self.add(self.uma, device)
        self.give_password(self.uma)
        page = self.client.get(SECOND)
        self.assertContains(page, "Use your passkey")
        self.assertContains(page, "Six digits from your app")
        self.client.post(SECOND, {"code": code_of(secret)})
        self.assertTrue(self.is_in())

    def test_what_is_not_the_answer_is_not_kept(self) -> None:
        browser = self.browser(self.uma)
        for bent in (
            Device(origin="http://localhost:81"),
            Device(origin="https://localhost"),
            Device(origin="http://evil.example"),
            Device(domain="evil.example"),
            Device(cross_origin=True),
        ):
            sent = {"verb": "add_passkey", "passkey": self.made(browser, bent)}
            with self.subTest(bent):
                self.assertContains(browser.post(OWN, sent), NOT_TAKEN)
        self.assertFalse(Passkey.objects.exists())

    def test_an_answer_is_taken_once(self) -> None:
        browser = self.browser(self.uma)
        sent = {"verb": "add_passkey", "passkey": self.made(browser, Device())}
        browser.post(OWN, sent)
        self.assertContains(browser.post(OWN, sent), TOO_LATE)
        self.assertEqual(Passkey.objects.count(), 1)

    def test_a_passkey_of_somebody_else_is_not_added(self) -> None:
        device = Device()
        self.add(self.uma, device)
        self.assertContains(self.add(self.charlie, device), "in use already")
        self.assertEqual(Passkey.objects.get().user, self.uma)

    def test_nothing_that_a_person_can_send_breaks_it(self) -> None:
        browser = self.browser(self.uma)
        whole = json.loads(self.made(browser, Device()))
        bent = [
            "", "null", "[]", "{}", "1", '"', "x" * 30_000, "\0", '{"id": 1}', "[" * 9_000,
            *(json.dumps({**whole, name: "!"}) for name in whole),
            *(json.dumps({**whole, "response": {**whole["response"], name: value}})
              for name in whole["response"] for value in ("", "AAAA", 5, None, "é")),
        ]  # fmt: skip
        for answer in bent:
            self.made(browser, Device())
            sent = {"verb": "add_passkey", "name": "a\0b", "passkey": answer}
            RequestCount.objects.all().delete()
            with self.subTest(answer[:60]):
                self.assertEqual(browser.post(OWN, sent).status_code, 200)
        RequestCount.objects.all().delete()
        for number in ("", "x", "9" * 40, "\0", "-1", "²"):
            for verb in ("rename_passkey", "remove_passkey"):
                self.assertEqual(
                    browser.post(OWN, {"verb": verb, "passkey": number}).status_code, 302
                )
        self.assertFalse(Passkey.objects.exists())

    def test_there_is_a_most(self) -> None:
        for _each in range(MOST_PASSKEYS):
            self.add(self.uma)
        self.assertContains(self.add(self.uma), "Remove one that you do not need")
        self.assertEqual(Passkey.objects.count(), MOST_PASSKEYS)

    @override_settings(PASSWORD_AGAIN_SECONDS=0)
    def test_the_password_is_asked_before(self) -> None:
        self.assertContains(self.add(self.uma), "Your password again", status_code=403)
        self.assertFalse(Passkey.objects.exists())


class LogInTests(PasskeyCase):
    def test_it_lets_in_after_the_password(self) -> None:
        device = Device()
        self.add(self.uma, device)
        self.assertRedirects(self.give_password(self.uma), SECOND)
        self.assertEqual(self.client.get(HOME).status_code, 302)
        self.assertRedirects(self.answer(device.use(self.asked(self.uma))), HOME)
        self.assertTrue(self.is_in())
        self.assertIsNotNone(Passkey.objects.get().last_used_at)

    def test_a_recovery_code_does_too(self) -> None:
        codes = self.add(self.uma).context["codes"]
        self.give_password(self.uma)
        self.client.post(SECOND, {"code": codes[0]})
        self.assertTrue(self.is_in())

    def test_nothing_less_does(self) -> None:
        device = Device()
        self.add(self.uma, device)
        bent = {
            "another origin": Device(**{**vars(device), "origin": "http://evil.example"}),
            "another domain": Device(**{**vars(device), "domain": "evil.example"}),
            "another port": Device(**{**vars(device), "origin": "http://localhost:8001"}),
            "in a frame": Device(**{**vars(device), "cross_origin": True}),
            "another key": Device(number=device.number, handle=device.handle),
            "another number": Device(key=device.key, handle=device.handle),
            "another person's handle": Device(**{**vars(device), "handle": b"x" * 32}),
        }
        for name, each in bent.items():
            with self.subTest(name):
                self.forget_failures()
                page = self.answer(each.use(self.asked(self.uma)))
                self.assertContains(page, "passkey")
                self.assertFalse(self.is_in())
        for name, value in (("signature", "AAAA"), ("authenticatorData", "AAAA")):
            self.forget_failures()
            self.answer(device.use(self.asked(self.uma), **{name: value}))
            self.assertFalse(self.is_in())

    def forget_failures(self) -> None:
        AttemptCount.objects.all().delete()

    def test_somebody_elses_does_not(self) -> None:
        uma, charlie = Device(), Device()
        self.add(self.uma, uma)
        self.add(self.charlie, charlie)
        page = self.answer(charlie.use(self.asked(self.uma)))
        self.assertContains(page, "does not belong to your account")
        self.assertFalse(self.is_in())

    def test_an_answer_lets_in_once(self) -> None:
        device = Device()
        self.add(self.uma, device)
        answer = device.use(self.asked(self.uma))
        stolen = self.client.cookies["sessionid"].value
        self.answer(answer)
        self.assertTrue(self.is_in())
        for key in (None, stolen):
            self.client = self.browser()
            if key is not None:
                self.client.cookies["sessionid"] = key
            self.give_password(self.uma)
            self.answer(answer)
            self.assertFalse(self.is_in())

    def test_an_old_answer_does_not_come_back_with_its_session(self) -> None:
        """Whoever copied the session's row, or asks two processes at once, is refused too."""
        device = Device()
        self.add(self.uma, device)
        answer = device.use(self.asked(self.uma))
        kept = dict(self.client.session.items())
        self.answer(answer)
        self.client = self.browser()
        self.give_password(self.uma)
        session = self.client.session
        session["passkey_challenge"] = kept["passkey_challenge"]
        session.save()
        self.assertContains(self.answer(answer), TOO_LATE)
        self.assertFalse(self.is_in())

    def test_what_was_asked_long_ago_is_asked_anew(self) -> None:
        device = Device()
        self.add(self.uma, device)
        answer = device.use(self.asked(self.uma))
        session = self.client.session
        session["passkey_challenge"] |= {"at": session["passkey_challenge"]["at"] - 700}
        session.save()
        self.assertContains(self.answer(answer), TOO_LATE)

    def test_a_copy_is_told_by_its_count(self) -> None:
        device = Device()
        self.add(self.uma, device)
        copy = Device(**vars(device))
        self.answer(device.use(self.asked(self.uma)))
        self.client = self.browser()
        with self.assertLogs("tenants.logging_in.passkeys", "WARNING"):
            page = self.answer(copy.use(self.asked(self.uma)))
        self.assertContains(page, "may have been copied")
        self.assertFalse(self.is_in())

    def test_a_device_that_does_not_count_is_no_copy(self) -> None:
        device = Device(count=0)
        self.add(self.uma, device)
        for _each in range(2):
            self.client = self.browser()
            device.count = -1
            self.answer(device.use(self.asked(self.uma)))
            self.assertTrue(self.is_in())

    def test_a_removed_one_lets_nobody_in(self) -> None:
        one, two = Device(), Device()
        self.add(self.uma, one)
        self.add(self.uma, two)
        browser = self.browser(self.uma)
        number = Passkey.objects.of_person(self.uma)[0].pk
        browser.post(OWN, {"verb": "remove_passkey", "passkey": number})
        self.answer(one.use(self.asked(self.uma)))
        self.assertFalse(self.is_in())
        self.answer(two.use(self.asked(self.uma)))
        self.assertTrue(self.is_in())

    def test_wrong_ones_make_a_pause(self) -> None:
        device = Device()
        self.add(self.uma, device)
        wrong = Device(number=device.number, handle=device.handle)
        for _each in range(5):
            self.answer(wrong.use(self.asked(self.uma)))
        self.assertContains(self.answer(device.use(self.asked(self.uma))), "wrong several times")
        self.assertFalse(self.is_in())


class WithoutPasswordTests(PasskeyCase):
    def asked_alone(self) -> dict[str, Any]:
        return dict(self.client.post(ALONE).json()["options"])

    def test_a_passkey_that_verifies_is_enough(self) -> None:
        device = Device()
        self.add(self.uma, device)
        set_second_factor_demanded(company=self.acme, demanded=True)
        options = self.asked_alone()
        self.assertEqual(options["userVerification"], "required")
        self.assertFalse(options.get("allowCredentials"))
        answer = self.client.post(ALONE, {"passkey": device.use(options), "next": "/app/x/"})
        self.assertEqual(answer["Location"], "/app/x/")
        self.assertEqual(self.client.get(HOME).status_code, 200)

    def test_one_that_does_not_verify_is_not(self) -> None:
        device = Device(verifies=False)
        self.add(self.uma, device)
        page = self.client.post(ALONE, {"passkey": device.use(self.asked_alone())}, follow=True)
        self.assertContains(page, NOT_TAKEN)
        self.assertFalse(self.is_in())

    def test_nor_without_the_persons_handle(self) -> None:
        device = Device()
        self.add(self.uma, device)
        for handle in (b"", b"x" * 32):
            bent = Device(**{**vars(device), "handle": handle})
            self.client.post(ALONE, {"passkey": bent.use(self.asked_alone())})
            self.assertFalse(self.is_in())

    def test_whoever_is_switched_off_stays_out(self) -> None:
        device = Device()
        self.add(self.uma, device)
        for owner in (self.uma, self.acme):
            owner.is_active = False
            owner.save()
            page = self.client.post(ALONE, {"passkey": device.use(self.asked_alone())}, follow=True)
            self.assertContains(page, "switched off")
            self.assertFalse(self.is_in())
            owner.is_active = True
            owner.save()

    def test_it_never_leads_to_another_site(self) -> None:
        device = Device()
        self.add(self.uma, device)
        for wanted in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
            self.client = self.browser()
            sent = {"passkey": device.use(self.asked_alone()), "next": wanted}
            self.assertEqual(self.client.post(ALONE, sent)["Location"], HOME)

    def test_it_says_the_same_of_unknown_keys(self) -> None:
        page = self.client.post(ALONE, {"passkey": Device().use(self.asked_alone())}, follow=True)
        self.assertContains(page, "does not belong to your account here")
        for answer in ("", "{}", "\0", "x" * 30_000):
            self.assertRedirects(self.client.post(ALONE, {"passkey": answer}), LOGIN)


class OwnPasskeysTests(PasskeyCase):
    def test_it_is_renamed(self) -> None:
        self.add(self.uma)
        number = Passkey.objects.get().pk
        browser = self.browser(self.uma)
        browser.post(OWN, {"verb": "rename_passkey", "passkey": number, "name": "  Blue <b>key "})
        self.assertEqual(Passkey.objects.get().name, "Blue <b>key")
        self.assertContains(browser.get(OWN), "Blue &lt;b&gt;key")

    def test_nobody_elses_is_renamed_or_removed(self) -> None:
        self.add(self.uma)
        number = Passkey.objects.get().pk
        for person in (self.charlie, self.alice, self.root):
            browser = self.browser(person)
            for verb in ("rename_passkey", "remove_passkey"):
                browser.post(OWN, {"verb": verb, "passkey": number, "name": "Mine"})
        self.assertEqual(Passkey.objects.get().name, "Phone")

    def test_the_last_factor_stays_where_one_is_demanded(self) -> None:
        device = Device()
        self.add(self.uma, device)
        set_second_factor_demanded(company=self.acme, demanded=True)
        self.answer(device.use(self.asked(self.uma)))
        number = Passkey.objects.get().pk
        page = self.client.post(OWN, {"verb": "remove_passkey", "passkey": number}, follow=True)
        self.assertContains(page, "the last one that you have")
        self.assertTrue(Passkey.objects.exists())
        self.assertEqual(self.client.get(HOME).status_code, 200)

    def test_with_the_last_factor_go_the_recovery_codes(self) -> None:
        self.add(self.uma)
        browser = self.browser(self.uma)
        browser.post(OWN, {"verb": "remove_passkey", "passkey": Passkey.objects.get().pk})
        self.assertFalse(Authenticator.objects.exists())
        self.give_password(self.uma)
        self.assertTrue(self.is_in())

    def test_a_company_that_demands_a_second_factor_takes_one(self) -> None:
        set_second_factor_demanded(company=self.acme, demanded=True)
        browser = self.browser(self.uma)
        self.assertRedirects(browser.get(HOME), OWN)
        made = self.made(browser, Device())
        browser.post(OWN, {"verb": "add_passkey", "passkey": made})
        self.assertEqual(browser.get(HOME).status_code, 200)

    @override_settings(REQUIRE_SECOND_FACTOR=True)
    def test_so_do_superusers(self) -> None:
        browser = self.browser(self.root)
        made = self.made(browser, Device())
        browser.post(OWN, {"verb": "add_passkey", "passkey": made})
        self.assertEqual(browser.get(HOME).status_code, 200)

    def test_an_admin_removes_all_of_them(self) -> None:
        self.add(self.uma)
        browser = self.browser(self.alice)
        browser.post(f"/app/tenants/user/{self.uma.pk}/second-factor/")
        self.assertFalse(Passkey.objects.exists() or Authenticator.objects.exists())


class DomainTests(PasskeyCase):
    def domain(self, host: str, *, secure: bool = False) -> str:
        return domain_of(RequestFactory().get("/", headers={"host": host}, secure=secure))

    def test_it_is_one_that_the_settings_name(self) -> None:
        with override_settings(ALLOWED_HOSTS=["a.example.com", "localhost", "127.0.0.1", "[::1]"]):
            self.assertEqual(self.domain("localhost:8000"), "localhost")
            self.assertEqual(self.domain("a.example.com", secure=True), "a.example.com")
            self.assertEqual(self.domain("a.example.com"), "")
            self.assertEqual(self.domain("127.0.0.1:8000"), "")
            self.assertEqual(self.domain("[::1]:8000"), "")
        for wild in ("*", ".example.com"):
            with override_settings(ALLOWED_HOSTS=[wild]):
                self.assertEqual(self.domain("b.example.com", secure=True), "")
        with override_settings(ALLOWED_HOSTS=["*"], PASSKEY_DOMAIN="example.com"):
            self.assertEqual(self.domain("b.example.com", secure=True), "example.com")
            self.assertEqual(self.domain("example.com.evil.net", secure=True), "")
            self.assertEqual(self.domain("notexample.com", secure=True), "")

    def test_where_there_are_none_the_page_says_where(self) -> None:
        browser = CompanyClient(headers={"host": "127.0.0.1:8000"})
        browser.force_login(self.uma)
        self.assertContains(browser.get(OWN), f"http://localhost:8000{OWN}")
        browser = CompanyClient()
        browser.force_login(self.uma)
        self.assertContains(browser.get(OWN), "cannot be added at this address")
        self.assertNotContains(browser.get(LOGIN, follow=True), "data-passkey")

    def test_one_of_another_host_is_told(self) -> None:
        self.add(self.uma)
        client = CompanyClient()
        client.post(LOGIN, {"username": self.uma.email, "password": PASSWORD})
        self.assertContains(client.get(SECOND), "Your passkeys do not work at the address")
