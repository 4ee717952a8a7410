"""Whoever is not logged in can ask for nothing without end, and guess no password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.http import HttpRequest
from django.test import override_settings
from django.urls import reverse

from project.serving.turns import DEAR, VISITORS, line_of
from project.tests.pages import Page, all_pages
from tenants.connection import use_public
from tenants.limits import table as limits
from tenants.limits.table import BY_SENDER
from tenants.models import AttemptCount, Company, User
from tenants.testing import PASSWORD, CompanyTestCase, email_of

LOGIN = "/app/login/"
PAUSED = "That was wrong several times"
REFUSED = "do not let you in"
# They take a password, or set one.
PASSWORDS = "password"


def visitor() -> HttpRequest:
    request = HttpRequest()
    request.user = AnonymousUser()
    request.company = None  # type: ignore[attr-defined]
    return request


def admits_visitors(page: Page) -> bool:
    """Whether the page declares nothing that keeps out somebody who is not logged in."""
    takes = page.kind is not None and hasattr(page.kind, "post")
    if takes and page.kind is not None and page.kind.permissions:
        return False
    if takes and page.kind is not None and not page.kind.admits(visitor()):
        return False
    return not any(
        getattr(view, mark, None)
        for view in wrapped(page.callback)
        for mark in ("needs_log_in", "admin_site", "model_admin")
    )


def wrapped(view: Any) -> Iterator[Any]:
    """What guards a view, from the outside in. A method of the admin site itself is no guard."""
    while view is not None and not hasattr(view, "__self__"):
        yield view
        view = getattr(view, "__wrapped__", None)


class TableTests(CompanyTestCase):
    """The pages are read from the URL configuration, so that a new one is covered at once."""

    def takes_a_post(self, page: Page, example: Mapping[str, object]) -> bool:
        return self.client.post(page.path(**example)).status_code != 405

    def test_every_address_that_takes_a_post_of_a_visitor_is_in_the_table(self) -> None:
        self.client.raise_request_exception = False
        examples = {"callback": {"token": "forged:by-nobody"}}
        missing = [
            str(page)
            for page in all_pages()
            if page.name not in BY_SENDER
            and admits_visitors(page)
            and self.takes_a_post(
                page, examples.get(page.name) or dict.fromkeys(page.arguments, "1")
            )
        ]
        self.assertEqual(missing, [], "Give it a limit in tenants/limits/table.py.")

    def test_all_others_lead_a_visitor_to_the_log_in_or_are_not_there(self) -> None:
        guarded = [page for page in all_pages() if not admits_visitors(page)]
        self.assertGreater(len(guarded), 50)
        for page in guarded:
            answer = self.client.post(page.path(**dict.fromkeys(page.arguments, "1")))
            with self.subTest(str(page)):
                to_log_in = (
                    answer.get("Location", "").startswith(LOGIN)
                    or answer.get("Location") == "/app/"
                )
                self.assertTrue(to_log_in or answer.status_code in (401, 403, 404))

    def test_every_address_of_a_password_is_in_the_table(self) -> None:
        named = {page.name for page in all_pages() if PASSWORDS in page.name}
        self.assertTrue(named)
        self.assertLessEqual({name for name in named if not name.endswith("_done")}, set(BY_SENDER))

    def test_the_table_names_no_address_that_is_not_there(self) -> None:
        self.assertLessEqual(set(BY_SENDER), {page.name for page in all_pages()})

    def test_what_visitors_send_is_in_one_line_whatever_session_they_name(self) -> None:
        for page in all_pages():
            environ = {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": page.path(**dict.fromkeys(page.arguments, "1")),
                "REMOTE_ADDR": "192.0.2.1",
                "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}=invented",
            }
            line = (VISITORS, "192.0.2.1") if admits_visitors(page) else ("192.0.2.1", "invented")
            if page.name == "mcp" or (page.kind is not None and "POST" in page.kind.dear):
                line = (DEAR, "192.0.2.1")
            if page.name in BY_SENDER or not admits_visitors(page):  # others take no form
                with self.subTest(str(page)):
                    self.assertEqual(line_of(environ), line, "See project/serving/turns.py.")

    @override_settings(DEMO=True)
    def test_each_limit_is_kept(self) -> None:
        pages = {page.name: page for page in all_pages()}
        for number, (name, limit) in enumerate(BY_SENDER.items(), start=1):
            example = {"token": "forged:by-nobody", "code": "nobodys", "id": str(self.uma.pk)}
            page = pages[name]
            path = page.path(**{each: example[each] for each in page.arguments})
            once = {name: replace(limit, most=1, setting="")}
            self.client.force_login(self.alice) if not admits_visitors(
                page
            ) else self.client.logout()
            caches["rates"].clear()
            sender = f"192.0.2.{number}"
            with (
                self.subTest(name),
                mock.patch.multiple(limits, BY_SENDER=once),
                mock.patch("tenants.middleware.BY_SENDER", once),
            ):
                self.assertNotEqual(self.client.post(path, REMOTE_ADDR=sender).status_code, 429)
                refused = self.client.post(path, REMOTE_ADDR=sender)
                self.assertEqual(refused.status_code, 429)
                self.assertGreater(int(refused["Retry-After"]), 0)
                other = self.client.post(path, REMOTE_ADDR=f"198.51.100.{number}")
                self.assertNotEqual(other.status_code, 429)

    def test_the_page_says_that_nothing_was_done(self) -> None:
        once = {"sign_up": replace(limits.SIGN_UP, most=0)}
        caches["rates"].clear()
        with mock.patch.multiple(limits, BY_SENDER=once):
            refused = self.client.post(reverse("sign_up"))
        self.assertContains(refused, "Nothing was done", status_code=429)
        self.assertContains(refused, "ticketflower/logo", status_code=429)


class LogInPauseTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()

    def attempt(self, email: str, password: str = "wrong", sender: str = "192.0.2.1") -> Any:
        return self.client.post(
            LOGIN, {"username": email, "password": password}, REMOTE_ADDR=sender
        )

    def fail(self, email: str, *, times: int = limits.BY_ACCOUNT.free, **more: Any) -> None:  # type: ignore[override]
        for _each in range(times):
            self.attempt(email, **more)

    def is_in(self) -> bool:
        return "_auth_user_id" in self.client.session

    def pass_seconds(self, seconds: int) -> None:
        for each in AttemptCount.objects.exclude(paused_until=None):
            assert each.paused_until is not None
            each.paused_until -= timedelta(seconds=seconds)
            each.save()

    def test_after_some_failures_comes_a_pause_in_which_the_right_one_is_refused_too(self) -> None:
        self.fail(email_of("uma"))
        answer = self.attempt(email_of("uma"), PASSWORD)
        self.assertContains(answer, PAUSED)
        self.assertFalse(self.is_in())
        self.pass_seconds(limits.BY_ACCOUNT.first)
        self.attempt(email_of("uma"), PASSWORD)
        self.assertTrue(self.is_in())

    def test_pauses_grow_up_to_the_longest(self) -> None:
        pauses = []
        self.fail(email_of("uma"))
        for _each in range(12):
            counted = AttemptCount.objects.exclude(paused_until=None).get()
            answer = self.attempt(email_of("uma"))
            self.assertContains(answer, PAUSED)
            pauses.append(answer.context["form"].non_field_errors()[0])
            assert counted.paused_until is not None
            self.pass_seconds(limits.BY_ACCOUNT.longest)
            self.attempt(email_of("uma"))
        self.assertIn("15 seconds", pauses[0])
        self.assertIn("30 seconds", pauses[1])
        self.assertIn("1 minute;", pauses[2])
        self.assertIn("60 minutes", pauses[-1])

    def test_it_says_the_same_of_known_and_unknown_people(self) -> None:
        said = set()
        for email in (email_of("uma"), "nobody@nowhere.example"):
            for _each in range(limits.BY_ACCOUNT.free):
                self.assertContains(self.attempt(email), REFUSED)
            said.add(str(self.attempt(email).context["form"].non_field_errors()))
        self.assertEqual(len(said), 1)

    def test_a_password_is_hashed_for_whoever_is_unknown_or_switched_off(self) -> None:
        """So that the answer takes as long."""
        User.objects.filter(pk=self.wendy.pk).update(is_active=False)
        use_public()
        Company.objects.filter(pk=self.globex.pk).update(is_active=False)
        self.walt.set_unusable_password()
        self.walt.save()
        people = ("nobody@nowhere.example", *map(email_of, ("uma", "wendy", "walt", "charlie")))
        hasher = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
        for email in people:
            with self.subTest(email), mock.patch(hasher, return_value="md5$a$b") as encode:
                self.attempt(email)
            self.assertEqual(encode.call_count, 1)

    def test_nobody_locks_out_somebody_who_is_elsewhere(self) -> None:
        self.fail(email_of("uma"), times=20)
        self.attempt(email_of("uma"), PASSWORD, sender="192.0.2.2")
        self.assertTrue(self.is_in())

    def test_nor_a_colleague_beside_them(self) -> None:
        self.fail(email_of("uma"), times=20)
        self.attempt(email_of("wendy"), PASSWORD)
        self.assertTrue(self.is_in())

    def test_an_address_that_tries_many_accounts_is_paused(self) -> None:
        few = replace(limits.BY_PLACE, free=8)
        with mock.patch.object(limits, "BY_PLACE", few):
            for number in range(8):
                self.assertContains(self.attempt(f"p{number}@nowhere.example"), REFUSED)
            self.assertContains(self.attempt(email_of("uma"), PASSWORD), PAUSED)
            self.attempt(email_of("uma"), PASSWORD, sender="192.0.2.2")
            self.assertTrue(self.is_in())

    def test_an_ipv6_network_is_one_address(self) -> None:
        for number in range(limits.BY_ACCOUNT.free):
            self.attempt(email_of("uma"), sender=f"2001:db8:1:2::{number + 1:x}")
        self.assertContains(self.attempt(email_of("uma"), sender="2001:db8:1:2:9::1"), PAUSED)
        self.assertContains(self.attempt(email_of("uma"), sender="2001:db8:1:3::1"), REFUSED)

    def test_how_the_address_is_typed_makes_no_second_account(self) -> None:
        for typed in ("UMA@acme.example", " uma@ACME.example", "uma@acme.example"):
            self.fail(typed, times=2)
        self.assertContains(self.attempt(email_of("uma")), PAUSED)

    def test_who_gets_in_begins_anew(self) -> None:
        few = limits.BY_ACCOUNT.free - 1
        for _round in range(3):
            self.fail(email_of("uma"), times=few)
            self.attempt(email_of("uma"), PASSWORD)
            self.assertTrue(self.is_in())
            self.client.logout()

    def test_a_success_forgives_no_failures_at_other_accounts(self) -> None:
        few = replace(limits.BY_PLACE, free=4)
        with mock.patch.object(limits, "BY_PLACE", few):
            for number in range(3):
                self.attempt(f"p{number}@nowhere.example")
                self.attempt(email_of("uma"), PASSWORD)
                self.client.logout()
            self.attempt("another@nowhere.example")
            self.assertContains(self.attempt("one-more@nowhere.example"), PAUSED)


class ClosedSignUpTests(CompanyTestCase):
    DATA = {
        "company_name": "Bright Bakery",
        "first_name": "Bea",
        "last_name": "Baker",
        "email": "bea@bakery.example",
        "password": "rye-and-sourdough",
    }

    @override_settings(SIGN_UP=False, SIGN_UP_CONTACT="it@example.com")
    def test_the_page_says_whom_to_ask_and_takes_nothing(self) -> None:
        for answer in (
            self.client.get(reverse("sign_up")),
            self.client.post(reverse("sign_up"), self.DATA),
        ):
            self.assertContains(answer, "it@example.com")
            self.assertNotContains(answer, "<form")
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())

    def test_no_page_leads_there(self) -> None:
        for is_open in (True, False):
            with override_settings(SIGN_UP=is_open):
                for name in ("landing", "admin:login"):
                    page = self.client.get(reverse(name)).content.decode()
                    self.assertEqual(reverse("sign_up") in page, is_open, name)

    @override_settings(SIGN_UP=False)
    def test_superusers_make_companies_all_the_same(self) -> None:
        self.log_in(self.root)
        data = {"name": "Bright Bakery", **self.DATA}
        self.client.post(reverse("admin:tenants_company_add"), data)
        use_public()
        self.assertTrue(Company.objects.filter(name="Bright Bakery").exists())

    @override_settings(SIGN_UPS_PER_HOUR=0)
    def test_no_more_than_so_many_companies_an_hour(self) -> None:
        caches["rates"].clear()
        answer = self.client.post(reverse("sign_up"), self.DATA)
        self.assertContains(answer, "That is too often")
        self.assertContains(answer, 'value="Bright Bakery"')
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())
