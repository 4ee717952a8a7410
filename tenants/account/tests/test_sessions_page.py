"""A session ends when nobody uses it, and at the latest some days after the log-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.account.log_ins import browser_of, forget_ended_sessions
from tenants.logging_in.sessions import BEGAN_AT
from tenants.models import LogInSession, User
from tenants.testing import PASSWORD, CompanyClient, CompanyTestCase, email_of

LOGIN = "/app/login/"
PAGE = "/app/account/sessions/"
HOME = "/app/"


class SessionCase(CompanyTestCase):
    def browser(self, person: User, name: str = "A browser") -> CompanyClient:
        client = CompanyClient(headers={"user-agent": name})
        client.post(LOGIN, {"username": person.email, "password": PASSWORD})
        return client

    def row(self, client: Any) -> Session:
        return Session.objects.get(pk=client.session.session_key)

    def is_in(self, client: Any) -> bool:
        return bool(client.get(HOME).status_code == 200)

    def leave_alone(self, client: Any, seconds: float) -> None:
        """As if the last request of this browser lay so long ago."""
        row = self.row(client)
        row.expire_date -= timedelta(seconds=seconds)
        row.save()


class EndOfSessionTests(SessionCase):
    def test_it_ends_where_nobody_does_anything(self) -> None:
        client = self.browser(self.uma)
        self.leave_alone(client, settings.SESSION_IDLE_SECONDS - 60)
        self.assertTrue(self.is_in(client))
        self.leave_alone(client, settings.SESSION_IDLE_SECONDS + 60)
        self.assertFalse(self.is_in(client))

    def test_what_somebody_does_lets_it_live_on(self) -> None:
        client = self.browser(self.uma)
        for _each in range(4):
            self.leave_alone(client, settings.SESSION_IDLE_SECONDS / 2)
            self.assertTrue(self.is_in(client))

    def test_what_a_script_asks_again_and_again_does_not(self) -> None:
        client = self.browser(self.uma)
        self.leave_alone(client, settings.SESSION_IDLE_SECONDS / 2)
        before = self.row(client).expire_date
        client.get(HOME, headers={"X-Poll": "1"})
        self.assertEqual(self.row(client).expire_date, before)
        client.get(HOME)
        self.assertGreater(self.row(client).expire_date, before)

    def test_it_ends_some_time_after_the_log_in_whatever_is_done(self) -> None:
        client = self.browser(self.uma)
        session = client.session
        session[BEGAN_AT] -= settings.SESSION_LONGEST_SECONDS - 100
        session.save()
        self.assertTrue(self.is_in(client))
        left = self.row(client).expire_date - timezone.now()
        self.assertLessEqual(left, timedelta(seconds=100))
        session[BEGAN_AT] -= 101
        session.save()
        self.assertFalse(self.is_in(client))

    def test_most_requests_write_nothing(self) -> None:
        client = self.browser(self.uma)
        client.get(HOME)
        with CaptureQueriesContext(connection) as queries:
            client.get(HOME)
        self.assertEqual([q["sql"] for q in queries if "UPDATE" in q["sql"]], [])

    def test_one_from_before_there_was_an_end_is_given_one(self) -> None:
        client = self.browser(self.uma)
        session = client.session
        del session[BEGAN_AT]
        session.save()
        self.assertTrue(self.is_in(client))
        self.assertIn(BEGAN_AT, client.session)

    def test_every_log_in_has_a_new_key(self) -> None:
        client = self.browser(self.uma)
        keys = {client.session.session_key}
        for person in (self.uma, self.wendy, self.wendy):
            client.post(LOGIN, {"username": person.email, "password": PASSWORD})
            keys.add(client.session.session_key)
        self.assertEqual(len(keys), 4)
        self.assertEqual(Session.objects.filter(pk__in=keys).count(), 1)

    def test_one_that_was_planted_is_not_the_one_of_the_log_in(self) -> None:
        client = CompanyClient()
        client.post(HOME)  # whoever was thrown out has a session with a message
        planted = client.session.session_key
        self.assertTrue(planted)
        client.post(LOGIN, {"username": email_of("uma"), "password": PASSWORD})
        self.assertNotEqual(client.session.session_key, planted)
        self.assertFalse(Session.objects.filter(pk=planted).exists())


class SessionsPageTests(SessionCase):
    def test_it_lists_the_sessions_of_the_person_and_no_others(self) -> None:
        client = self.browser(self.uma, "Browser at work")
        self.browser(self.uma, "Browser <at> home")
        self.browser(self.wendy, "Browser of somebody else")
        page = client.get(PAGE)
        self.assertContains(page, "Browser at work")
        self.assertContains(page, "Browser &lt;at&gt; home")
        self.assertContains(page, "This is the one that you are using", count=1)
        self.assertNotContains(page, "somebody else")
        self.assertNotContains(page, str(client.session.session_key))

    def test_browsers_are_named_as_people_call_them(self) -> None:
        for says, named in (
            (
                "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Windows",
            ),
            ("Mozilla/5.0 (X11; Linux) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Linux"),
            ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
            ("curl/8.0", "curl/8.0"),
            ("", ""),
        ):
            self.assertEqual(browser_of(says), named)

    def test_one_is_ended(self) -> None:
        client, other = self.browser(self.uma), self.browser(self.uma)
        (found,) = [each for each in client.get(PAGE).context["log_ins"] if not each.is_this]
        client.post(PAGE, {"session": found.name})
        self.assertFalse(self.is_in(other))
        self.assertTrue(self.is_in(client))

    def test_all_others_are_ended(self) -> None:
        client, others = self.browser(self.uma), [self.browser(self.uma) for _each in range(3)]
        answer = client.post(PAGE, {"others": "1"}, follow=True)
        self.assertContains(answer, "3 sessions have ended.")
        self.assertEqual([self.is_in(each) for each in others], [False] * 3)
        self.assertTrue(self.is_in(client))

    def test_nobody_ends_somebody_elses(self) -> None:
        wendy = self.browser(self.wendy)
        name = wendy.get(PAGE).context["log_ins"][0].name
        uma = self.browser(self.uma)
        for value in (name, wendy.session.session_key, "", "\0", "x" * 5_000):
            self.assertEqual(uma.post(PAGE, {"session": value}).status_code, 302)
        uma.post(PAGE, {"others": "1"})
        self.assertTrue(self.is_in(wendy))

    def test_it_is_there_for_superusers_too(self) -> None:
        self.assertContains(self.browser(self.root).get(PAGE), "Where you are logged in")

    def test_another_password_keeps_the_session_in_the_list(self) -> None:
        client = self.browser(self.uma)
        new = "seven-green-bottles"
        data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        self.assertEqual(client.post(reverse("admin:password_change"), data).status_code, 302)
        self.assertContains(client.get(PAGE), "This is the one that you are using")

    def test_what_has_ended_is_forgotten(self) -> None:
        client, other, third = (self.browser(self.uma) for _each in range(3))
        self.leave_alone(client, settings.SESSION_IDLE_SECONDS + 60)
        other.post(reverse("admin:logout"))
        forget_ended_sessions()
        kept = LogInSession.objects.of_person(self.uma).values_list("pk", flat=True)
        self.assertEqual(list(kept), [third.session.session_key])
