"""A company's identity provider lets in its own people, and nobody else, whatever it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from joserfc.jwk import RSAKey

from tenants.identity import outgoing
from tenants.identity.providers import allow_people, note_test, save_provider, secret_of, switch
from tenants.identity.tests.provider import CLIENT, SECRET, Provider
from tenants.logging_in.second_factor import SESSION_KEY, new_secret
from tenants.models import Company, IdentityProvider, LinkedAccount, RequestCount, User
from tenants.services import set_second_factor_demanded
from tenants.testing import PASSWORD, CompanyClient, CompanyTestCase, email_of, outside

LOGIN = "/app/login/"
BACK = "/app/login/company/back/"
PAGE = "/app/tenants/user/identity-provider/"


class ProviderCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.enterContext(override_settings(ACTION_ALLOWED_NETWORKS=["127.0.0.1"]))
        self.server = Provider()
        self.addCleanup(self.server.end)
        self.provider = self.set_up(self.acme)

    def set_up(self, company: Company, **more: Any) -> IdentityProvider:
        settings = {
            "issuer": self.server.issuer,
            "client_id": CLIENT,
            "secret": SECRET,
            "email_domains": [],
            "counts_as_second_factor": False,
        }
        provider = save_provider(company=company, **{**settings, **more})
        note_test(provider=provider, now=timezone.now())
        switch(provider=provider, on=True, passwords_for_admins_only=False)
        return provider

    def begin(self, browser: Any = None, provider: IdentityProvider | None = None) -> Any:
        """What the provider sends a browser back with that has begun to log in."""
        RequestCount.objects.all().delete()
        code = (provider or self.provider).code
        page = (browser or self.client).post(f"/app/login/company/{code}/", {"next": "/app/x/"})
        return self.server.authorize(page.context["address"])

    def log_in_there(self) -> Any:
        sent = self.begin()
        return self.client.get(BACK, sent)

    def who_is_in(self, browser: Any = None) -> str:
        return str((browser or self.client).session.get("_auth_user_id", ""))

    def link(self, person: User, subject: str = "subject-1") -> None:
        assert person.company is not None
        LinkedAccount.objects.create(
            user=person, company=person.company, issuer=self.server.issuer, subject=subject
        )


class LogInTests(ProviderCase):
    def test_a_linked_person_is_let_in(self) -> None:
        self.link(self.uma)
        self.server.claims = {"email": "somebody.else@acme.example"}
        answer = self.log_in_there()
        self.assertEqual((answer.status_code, answer["Location"]), (302, "/app/x/"))
        self.assertEqual(self.who_is_in(), str(self.uma.pk))
        self.assertEqual(self.client.get("/app/").status_code, 200)

    def test_the_browser_remembers_the_companys_address(self) -> None:
        self.link(self.uma)
        self.log_in_there()
        self.client.post(reverse("admin:logout"))
        answer = self.client.get("/app/login/company/")
        self.assertIn(self.provider.code, answer["Location"])

    def test_an_address_alone_links_nobody(self) -> None:
        answer = self.log_in_there()
        self.assertRedirects(answer, LOGIN, fetch_redirect_response=False)
        self.assertContains(self.client.get(LOGIN), "no account here is yours")
        self.assertEqual((self.who_is_in(), LinkedAccount.objects.count()), ("", 0))

    def test_whom_an_admin_allowed_is_linked_at_the_first_log_in(self) -> None:
        self.assertEqual(
            allow_people(
                provider=self.provider, emails=[email_of("uma"), email_of("charlie"), "x"]
            ),
            [email_of("charlie"), "x"],
        )
        self.log_in_there()
        self.assertEqual(self.who_is_in(), str(self.uma.pk))
        self.assertEqual(LinkedAccount.objects.get().subject, "subject-1")
        self.client.post(reverse("admin:logout"))
        self.server.claims = {"sub": "subject-2"}
        self.log_in_there()
        self.assertEqual(self.who_is_in(), "")

    def test_not_by_an_address_that_is_not_verified_or_of_another_domain(self) -> None:
        allow_people(provider=self.provider, emails=[email_of("uma")])
        for verified in (False, None, "true", 1, "yes"):
            self.server.claims = {"email_verified": verified}
            self.log_in_there()
            self.assertEqual(self.who_is_in(), "", verified)
        self.server.claims = {}
        self.provider = self.set_up(self.acme, email_domains=["other.example"])
        self.log_in_there()
        self.assertEqual(self.who_is_in(), "")
        self.set_up(self.acme, email_domains=["ACME.example"])
        self.log_in_there()
        self.assertEqual(self.who_is_in(), str(self.uma.pk))

    def test_nobody_of_another_company_and_no_superuser(self) -> None:
        with outside():
            self.link(self.charlie)
        self.log_in_there()
        self.assertEqual(self.who_is_in(), "")
        for email in (email_of("charlie"), self.root.email):
            allow_people(provider=self.provider, emails=[email])
            self.server.claims = {"email": email, "sub": f"of {email}"}
            self.log_in_there()
            self.assertEqual(self.who_is_in(), "")

    def test_nobody_who_is_switched_off(self) -> None:
        self.link(self.uma)
        for owner in (self.uma, self.acme):
            sent = self.begin()
            owner.is_active = False
            owner.save()
            self.client.get(BACK, sent)
            self.assertEqual(self.who_is_in(), "")
            owner.is_active = True
            owner.save()

    def test_another_issuer_knows_nobody_by_the_same_number(self) -> None:
        LinkedAccount.objects.create(
            user=self.uma, company=self.acme, issuer="https://before.example", subject="subject-1"
        )
        self.log_in_there()
        self.assertEqual(self.who_is_in(), "")
        allow_people(provider=self.provider, emails=[email_of("uma")])
        self.log_in_there()
        self.assertEqual(self.who_is_in(), str(self.uma.pk))

    def test_the_second_factor_is_asked_unless_the_providers_counts(self) -> None:
        self.link(self.uma)
        TOTP.activate(self.uma, new_secret())
        self.assertEqual(self.log_in_there()["Location"], "/app/login/second-factor/")
        self.assertEqual(self.who_is_in(), "")
        self.set_up(self.acme, counts_as_second_factor=True)
        set_second_factor_demanded(company=self.acme, demanded=True)
        self.log_in_there()
        self.assertEqual(self.who_is_in(), str(self.uma.pk))
        self.assertTrue(self.client.session[SESSION_KEY])

    def test_where_it_is_demanded_who_has_none_sets_one_up(self) -> None:
        self.link(self.uma)
        set_second_factor_demanded(company=self.acme, demanded=True)
        self.log_in_there()
        self.assertEqual(self.client.get("/app/")["Location"], "/app/account/second-factor/")

    def test_it_never_leads_to_another_site(self) -> None:
        self.link(self.uma)
        page = self.client.post(
            f"/app/login/company/{self.provider.code}/", {"next": "https://evil.example/"}
        )
        answer = self.client.get(BACK, self.server.authorize(page.context["address"]))
        self.assertEqual(answer["Location"], "/app/")


class MisbehavingTests(ProviderCase):
    """Whatever is wrong, nobody is let in, and people are told without a word of the reason."""

    def setUp(self) -> None:
        super().setUp()
        self.link(self.uma)

    def assert_refused(self, what: str) -> None:
        with self.subTest(what):
            answer = self.log_in_there()
            self.assertEqual(answer.status_code, 302)
            self.assertEqual(answer["Location"], LOGIN)
            self.assertEqual(self.who_is_in(), "")
            cache.clear()

    def test_claims(self) -> None:
        now = int(timezone.now().timestamp())
        wrong: dict[str, dict[str, Any]] = {
            "another nonce": {"nonce": "x"},
            "no nonce": {"nonce": None},
            "another issuer": {"iss": "https://evil.example"},
            "another client": {"aud": "other"},
            "several clients, for another": {"aud": [CLIENT, "other"], "azp": "other"},
            "several clients, for nobody": {"aud": [CLIENT, "other"]},
            "no client": {"aud": []},
            "expired": {"exp": now - 120},
            "no end": {"exp": None},
            "an end that is no number": {"exp": "never"},
            "made long ago": {"iat": now - 7200},
            "made in the future": {"iat": now + 7200},
            "no subject": {"sub": None},
            "an empty subject": {"sub": ""},
            "a subject that is no text": {"sub": 1},
            "a subject that is too long": {"sub": "x" * 256},
            "another subject": {"sub": "subject-2"},
        }
        for what, claims in wrong.items():
            self.server.claims = claims
            self.assert_refused(what)

    def test_signatures(self) -> None:
        own, shown = self.server.key, self.server.shown
        for algorithm in ("none", "HS256"):
            self.server.header = {"alg": algorithm, "kid": "one"}
            self.assert_refused(algorithm)
        self.server.header = {"alg": "RS256", "kid": "one"}
        self.server.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.assert_refused("another key")
        self.server.key = own
        self.server.shown = []
        self.assert_refused("no keys")
        self.server.shown = [{"kty": "oct", "k": "AAAA", "kid": "one"}]
        self.assert_refused("a shared key")
        self.server.shown = [{**shown[0], "use": "enc"}]
        self.assert_refused("a key for another use")
        self.server.shown = [{**shown[0], "n": "A" * 9000}]
        self.assert_refused("a huge key")
        self.server.shown = shown * 31
        self.assert_refused("too many keys")
        self.server.shown = shown
        self.log_in_there()
        self.assertEqual(self.who_is_in(), str(self.uma.pk))

    def test_answers(self) -> None:
        page, keys, token = "/.well-known/openid-configuration", "/keys", "/token"
        bent = {
            "not JSON": (200, {}, b"<html>"),
            "no object": (200, {}, b"[]"),
            "deep": (200, {}, b"[" * 60_000),
            "huge": (200, {}, b" " * 1_500_000),
            "rather large": (200, {}, b'{"keys":[]' + b" " * 70_000 + b"}"),
            "an error": (500, {}, b"{}"),
            "a redirect": (302, {"Location": "http://127.0.0.1:1/"}, b""),
        }
        for what, answer in bent.items():
            for path in (keys, token):
                self.server.answers = {path: answer}
                self.assert_refused(f"{path} {what}")
            self.server.answers = {page: answer}
            with self.subTest(f"{page} {what}"):
                sent = self.client.post(f"/app/login/company/{self.provider.code}/")
                self.assertEqual(sent["Location"], LOGIN)
        self.server.answers = {token: (200, {}, b'{"id_token": 5}')}
        self.assert_refused("no token")

    def test_one_that_is_slow(self) -> None:
        self.server.silent = {"/token"}
        with mock.patch("tenants.identity.flow.Fetch", _in_a_hurry):
            self.assert_refused("silent")

    def test_one_inside_our_network(self) -> None:
        with override_settings(ACTION_ALLOWED_NETWORKS=[]):
            sent = self.client.post(f"/app/login/company/{self.provider.code}/")
        self.assertEqual(sent["Location"], LOGIN)
        self.assertEqual(self.server.asked, [])

    def test_addresses_of_another_kind(self) -> None:
        for address in ("javascript:alert(1)", "file:///etc/passwd", None, 5):
            cache.clear()
            body = (
                f'{{"issuer": "{self.server.issuer}", "token_endpoint": "http://127.0.0.1/",'
                f' "jwks_uri": "http://127.0.0.1/", "authorization_endpoint": '
                f"{'null' if address is None else repr(address).replace(chr(39), chr(34))}}}"
            )
            path = "/.well-known/openid-configuration"
            self.server.answers = {path: (200, {}, body.encode())}
            sent = self.client.post(f"/app/login/company/{self.provider.code}/")
            self.assertEqual(sent.get("Location"), LOGIN, address)


def _in_a_hurry(*values: Any) -> outgoing.Fetch:
    return replace(outgoing.Fetch(*values), timeout_seconds=0.5)


class BrowserTests(ProviderCase):
    """What comes back counts in the browser that has begun, once."""

    def setUp(self) -> None:
        super().setUp()
        self.link(self.uma)

    def test_another_browser_is_not_let_in(self) -> None:
        sent = self.begin()
        other = CompanyClient()
        self.assertEqual(other.get(BACK, sent)["Location"], LOGIN)
        self.assertEqual(self.who_is_in(other), "")
        self.begin(other)
        other.get(BACK, sent)
        self.assertEqual(self.who_is_in(other), "")

    def test_it_counts_once(self) -> None:
        sent = self.begin()
        self.client.get(BACK, sent)
        self.client.post(reverse("admin:logout"))
        self.client.get(BACK, sent)
        self.assertEqual(self.who_is_in(), "")

    def test_nothing_that_a_browser_can_bring_breaks_it(self) -> None:
        for bent in (
            {},
            {"state": ""},
            {"state": "é"},
            {"state": "\0"},
            {"error": "access_denied"},
        ):
            self.begin()
            self.assertEqual(self.client.get(BACK, bent)["Location"], LOGIN)
        for more in ({"iss": "https://evil.example"}, {"code": "x"}, {"code": "x" * 9000}):
            sent = {**self.begin(), **more}
            self.assertEqual(self.client.get(BACK, sent)["Location"], LOGIN)
        for code in ("x", "x" * 99, "é", "%00"):
            self.assertEqual(self.client.get(f"/app/login/company/{code}/").status_code, 302)
        self.assertEqual(self.who_is_in(), "")

    def test_strangers_learn_nothing(self) -> None:
        IdentityProvider.objects.update(is_on=False)
        known = self.client.post("/app/login/company/", {"address": self.provider.code})
        unknown = self.client.post("/app/login/company/", {"address": "x" * 32})
        for page in (known, unknown):
            self.assertContains(page, "Nobody logs in at this address")
            self.assertNotContains(page, "Acme")

    def test_its_address_is_taken_whole_or_its_end(self) -> None:
        for typed in (self.provider.code, f" http://x/app/login/company/{self.provider.code}/ "):
            answer = self.client.post("/app/login/company/", {"address": typed})
            self.assertIn(self.provider.code, answer["Location"])


class PasswordTests(ProviderCase):
    def test_where_passwords_are_for_admins_the_others_log_in_there(self) -> None:
        switch(provider=self.provider, on=True, passwords_for_admins_only=True)
        for person, is_let_in in ((self.uma, False), (self.alice, True), (self.charlie, True)):
            browser = CompanyClient()
            browser.post(LOGIN, {"username": person.email, "password": PASSWORD})
            self.assertEqual(bool(self.who_is_in(browser)), is_let_in, person)
        switch(provider=self.provider, on=False, passwords_for_admins_only=True)
        self.client.post(LOGIN, {"username": self.uma.email, "password": PASSWORD})
        self.assertTrue(self.who_is_in())


class AdminTests(ProviderCase):
    def post(self, **sent: str) -> Any:
        RequestCount.objects.all().delete()
        return self.client.post(PAGE, sent)

    def test_it_is_set_up_tried_and_switched_on(self) -> None:
        IdentityProvider.objects.all().delete()
        self.log_in(self.alice)
        settings = {"issuer": self.server.issuer, "client_id": CLIENT, "secret": SECRET}
        self.assertRedirects(self.post(verb="save", **settings), PAGE)
        kept = IdentityProvider.objects.get()
        self.assertEqual(secret_of(kept), SECRET)
        self.assertNotIn(SECRET, kept.encrypted_secret)
        page = self.client.get(PAGE)
        self.assertNotContains(page, SECRET)
        self.assertContains(page, "It has not been tried")
        self.post(verb="on")
        self.assertFalse(IdentityProvider.objects.get().is_on)
        led = self.post(verb="test")
        self.client.get(BACK, self.server.authorize(led.context["address"]))
        self.assertContains(self.client.get(PAGE), "It works.")
        self.post(verb="on")
        self.assertTrue(IdentityProvider.objects.get().is_on)
        self.assertContains(self.client.get(PAGE), IdentityProvider.objects.get().code)
        self.post(verb="save", **{**settings, "issuer": "https://other.example"})
        self.assertFalse(IdentityProvider.objects.get().is_on)

    def test_wrong_settings_are_told_beside_what_was_typed(self) -> None:
        IdentityProvider.objects.all().delete()
        self.log_in(self.alice)
        page = self.post(verb="save", issuer="ftp://x", client_id="abc", secret="s")
        self.assertContains(page, "The issuer is a web address")
        self.assertContains(page, 'value="abc"')
        self.assertContains(
            self.post(verb="save", issuer="https://x", client_id="a"), "Type the client secret"
        )
        for verb in ("test", "on", "off", "allow", "forbid", "nothing"):
            self.assertEqual(self.post(verb=verb, person="9" * 40).status_code, 302)

    def test_only_admins_of_the_company_have_the_page(self) -> None:
        for person in (self.uma, self.wendy, self.root):
            self.log_in(person)
            self.assertNotEqual(self.post(verb="remove").status_code, 200)
            self.assertTrue(IdentityProvider.objects.exists())
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(PAGE), self.server.issuer)
        self.link(self.uma)
        self.post(verb="forbid", person=str(self.uma.pk))
        self.post(verb="remove")
        self.assertTrue(IdentityProvider.objects.exists() and LinkedAccount.objects.exists())

    @override_settings(PASSWORD_AGAIN_SECONDS=0)
    def test_the_password_is_asked_before(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.post(verb="remove"), "Your password again", status_code=403)
        self.assertTrue(IdentityProvider.objects.exists())

    def test_people_are_allowed_and_forbidden(self) -> None:
        self.log_in(self.alice)
        emails = f"{email_of('uma')}\r\n{email_of('charlie').upper()}\r\n\r\nnobody"
        self.post(verb="allow", emails=emails)
        page = self.client.get(PAGE)
        self.assertContains(page, f"{email_of('charlie')}, nobody")
        self.assertContains(page, "has not logged in this way yet")
        self.post(verb="forbid", person=str(self.uma.pk))
        self.assertFalse(LinkedAccount.objects.exists())


class OwnLinkTests(ProviderCase):
    ADDRESS = "/app/account/company-log-in/"

    def link_own(self, person: User) -> Any:
        browser = CompanyClient()
        browser.force_login(person)
        led = browser.post(self.ADDRESS, {"verb": "link"})
        if led.status_code == 200:
            browser.get(BACK, self.server.authorize(led.context["address"]))
        return browser

    def test_a_person_links_the_own_account(self) -> None:
        browser = self.link_own(self.wendy)
        self.assertContains(browser.get(self.ADDRESS), "You can log in through")
        self.log_in_there()
        self.assertEqual(self.who_is_in(), str(self.wendy.pk))
        browser.post(self.ADDRESS, {"verb": "unlink"})
        self.assertFalse(LinkedAccount.objects.exists())

    def test_not_to_whom_somebody_else_is_linked(self) -> None:
        self.link(self.uma)
        self.link_own(self.wendy)
        self.assertEqual(LinkedAccount.objects.get().user, self.uma)

    def test_nobody_of_another_company(self) -> None:
        self.assertContains(self.link_own(self.charlie).get(self.ADDRESS), "no identity provider")
        self.assertFalse(LinkedAccount.objects.exists())
