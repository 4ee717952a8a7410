"""Whoever meets a database that is busy, read-only or away is told so, and loses nothing typed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape

import httpx
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import SimpleTestCase, tag
from django.urls import reverse
from psycopg import errors

from project.tests.web_server import WebServerTestCase, session_key_of
from tenants.connection import use_company
from tenants.database.trouble import Trouble, trouble_of
from tenants.models import User
from tenants.testing import PASSWORD, CompanyTransactionTestCase
from tenants.testing_tools.waits import PATIENCE, in_thread
from tickets.models import Ticket
from tickets.testing import import_fixture

CSRF = "c" * 32
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def raised(kind: type[Exception], cause: Exception | None) -> Exception:
    """An error of Django as it comes from the database."""
    try:
        raise kind("…") from cause
    except Exception as error:
        return error


class KindsTest(SimpleTestCase):
    def test_what_the_database_says_is_told_apart(self) -> None:
        for cause, trouble in (
            (errors.LockNotAvailable(), Trouble.BUSY),
            (errors.QueryCanceled(), Trouble.BUSY),
            (errors.DeadlockDetected(), Trouble.BUSY),
            (errors.AdminShutdown(), Trouble.AWAY),
            (errors.OperationalError(), Trouble.AWAY),
        ):
            with self.subTest(cause):
                self.assertIs(trouble_of(raised(OperationalError, cause)), trouble)

    def test_what_is_no_trouble_of_the_database(self) -> None:
        self.assertIsNone(trouble_of(raised(ValueError, KeyError("a"))))
        self.assertIsNone(trouble_of(raised(ValueError, None)))

    def test_the_cause_is_found_behind_our_own_errors(self) -> None:
        busy = raised(OperationalError, errors.LockNotAvailable())

        self.assertIs(trouble_of(raised(RuntimeError, busy)), Trouble.BUSY)
        self.assertIs(trouble_of(InterfaceError()), Trouble.AWAY)


class ReadOnlyTest(CompanyTransactionTestCase):
    @contextmanager
    def read_only(self) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = off")

    def test_a_form_comes_back_to_be_sent_once_more(self) -> None:
        self.client.force_login(self.alice)
        with self.read_only():
            answer = self.client.post(
                reverse("admin:workflows_companyrole_add"), {"name": "Gardeners"}
            )

        self.assertContains(answer, "takes no changes", status_code=503)
        self.assertContains(answer, "Gardeners", status_code=503)

    def test_logging_in_says_so(self) -> None:
        values = {"username": self.uma.email, "password": PASSWORD}
        self.client.raise_request_exception = False
        with self.read_only():
            answer = self.client.post("/app/login/", values)

        self.assertContains(answer, "takes no changes", status_code=503)


@tag("processes")
class BusyTest(WebServerTestCase):
    """With a real web server, whose time limits are those of a deployment, only shorter."""

    SETTINGS = {"PAGE_LOCK_SECONDS": "0.3"}

    def browser(self, user: User) -> httpx.Client:
        browser = httpx.Client(
            base_url=self.address,
            cookies={settings.SESSION_COOKIE_NAME: session_key_of(user), "csrftoken": CSRF},
            timeout=PATIENCE,
        )
        self.addCleanup(browser.close)
        return browser

    def while_locked(self, table: str, act: Callable[[], httpx.Response]) -> httpx.Response:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            return act()

    def test_what_was_typed_is_sent_once_more_from_the_page(self) -> None:
        definition = import_fixture("vacation", self.carla).ticket_definitions.get()
        browser = self.browser(self.uma)
        address = f"{reverse('admin:tickets_myticket_add')}?definition={definition.pk}"
        values = dict(HIDDEN.findall(browser.get(address).text))
        values |= {
            "csrfmiddlewaretoken": CSRF,
            "answers-location": "Spain",
            "answers-season": "Winter",
            "answers-activities": "To the <sea> & back",
        }

        busy = self.while_locked("tickets_ticket", lambda: browser.post(address, data=values))

        self.assertEqual(busy.status_code, 503)
        self.assertIn("Send it once more", busy.text)
        self.assertEqual(Ticket.objects.count(), 0)
        again = {name: unescape(value) for name, value in HIDDEN.findall(busy.text)}
        self.assertEqual(again["answers-activities"], values["answers-activities"])
        again["csrfmiddlewaretoken"] = CSRF
        self.assertEqual(browser.post(address, data=again).status_code, 302)
        use_company(self.acme)
        self.assertEqual(Ticket.objects.get().data["activities"], values["answers-activities"])

    def test_a_page_offers_to_try_again(self) -> None:
        browser = self.browser(self.uma)
        address = reverse("admin:tickets_myticket_changelist")

        busy = self.while_locked("tickets_ticket", lambda: browser.get(address))

        self.assertEqual(busy.status_code, 503)
        self.assertIn("Try again", busy.text)
        self.assertEqual(browser.get(address).status_code, 200)


class BusyBeforeAnyPageTest(CompanyTransactionTestCase):
    """What the middlewares read is locked."""

    @contextmanager
    def people_locked(self) -> Iterator[None]:
        """For everybody else, who waits a tenth of a second."""
        is_locked, may_end = threading.Event(), threading.Event()

        def lock() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE public.tenants_user IN ACCESS EXCLUSIVE MODE")
                is_locked.set()
                may_end.wait(PATIENCE)

        locking = in_thread(lock, company=self.acme)
        is_locked.wait(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        try:
            yield
        finally:
            may_end.set()
            locking.wait()
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    def test_who_asks_is_not_known(self) -> None:
        self.client.force_login(self.uma)
        self.client.raise_request_exception = False

        with self.people_locked():
            busy = self.client.get("/app/")

        self.assertContains(busy, "Try again", status_code=503)
        self.assertEqual(self.client.get("/app/").status_code, 200)

    def test_a_password_is_not_written_into_the_page(self) -> None:
        values = {"username": self.uma.email, "password": "never shown"}

        with self.people_locked():
            busy = self.client.post("/app/login/", values)

        self.assertContains(busy, "Go back", status_code=503)
        self.assertNotContains(busy, "never shown", status_code=503)

    def test_a_script_is_answered_in_its_own_way(self) -> None:
        self.client.raise_request_exception = False
        self.client.force_login(self.uma)

        with self.people_locked():
            busy = self.client.post("/app/", "{}", content_type="application/json")

        self.assertEqual(busy.status_code, 503)
        self.assertIn("Nothing was saved", busy.json()["message"])
