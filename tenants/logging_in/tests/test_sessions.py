"""Sessions are read by a statement of our own, and are Django's sessions all the same."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from tenants.backends import EmailBackend
from tenants.logging_in.sessions import SessionStore
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, child_environment


class SessionTests(CompanyTestCase):
    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        self.session = SessionStore()
        self.session["colour"] = "green"
        self.session.save()
        self.key = self.session.session_key

    def test_it_reads_and_writes_what_django_does(self) -> None:
        self.assertEqual(DatabaseSessionStore(self.key)["colour"], "green")
        other = DatabaseSessionStore(self.key)
        other["colour"] = "red"
        other.save()
        self.assertEqual(SessionStore(self.key)["colour"], "red")

    def test_a_session_that_has_ended_is_empty_and_gets_a_new_key(self) -> None:
        Session.objects.filter(pk=self.key).update(expire_date=timezone.now() - timedelta(hours=1))
        session = SessionStore(self.key)
        self.assertNotIn("colour", session)
        self.assertIsNone(session.session_key)

    def test_a_key_that_is_none_is_nobodys(self) -> None:
        for key in ("x" * 32, "x" * 5000, "' OR 1=1 --", "٣" * 10, "x" * 32 + "\0"):
            with self.subTest(key=key[:10]):
                self.assertEqual(SessionStore(key).load(), {})

    def test_a_cookie_that_no_database_can_hold_is_nobodys(self) -> None:
        for value in ('"aaaaaaaaaa\\000b"', '"aaaaaaaaaa\\377\\012"', "aaaaaaaaaa%00"):
            with self.subTest(value=value):
                cookie = f"{settings.SESSION_COOKIE_NAME}={value}"
                answer = self.client.get(reverse("admin:login"), headers={"cookie": cookie})
                self.assertEqual(answer.status_code, 200)

    def test_what_is_written_in_a_transaction_is_not_saved_again(self) -> None:
        session = SessionStore(self.key)
        with transaction.atomic():
            self.assertEqual(session.lock(), {"colour": "green"})
            session["size"] = 3
            session.write()
        self.assertFalse(session.modified)
        self.assertEqual(SessionStore(self.key).load(), {"colour": "green", "size": 3})

    def test_writing_makes_it_live_longer(self) -> None:
        soon = timezone.now() + timedelta(hours=1)
        Session.objects.filter(pk=self.key).update(expire_date=soon)
        self.session.write()
        self.assertGreater(Session.objects.get(pk=self.key).expire_date, soon)

    def test_one_that_has_ended_cannot_be_written(self) -> None:
        Session.objects.filter(pk=self.key).delete()
        with self.assertRaises(UpdateError):
            self.session.lock()
        with self.assertRaises(UpdateError):
            self.session.write()


class LostConnectionTests(CompanyTransactionTestCase):
    works_outside = True

    def test_a_request_after_the_server_hung_up_gets_a_new_connection(self) -> None:
        """Postgres was restarted: the connection that the process keeps is dead."""
        session = SessionStore()
        session["colour"] = "green"
        session.save()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with psycopg.connect(child_environment()["DATABASE_URL"], autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        connection.close_if_unusable_or_obsolete()  # as Django does when a request begins
        self.assertEqual(SessionStore(session.session_key).load(), {"colour": "green"})


class PermissionTests(CompanyTestCase):
    works_outside = True

    def test_the_person_of_a_session_has_the_permissions_that_django_finds(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.carla, self.uma, self.charlie):
            with self.subTest(person=str(person)):
                fresh = get_user_model().objects.get(pk=person.pk)
                expected = ModelBackend().get_all_permissions(fresh)
                with self.assertNumQueries(1):
                    found = EmailBackend().get_user(person.pk)
                    assert found is not None
                    self.assertEqual(found.get_all_permissions(), expected)
                    self.assertEqual(found.company, person.company)
                self.assertTrue(expected)

    def test_a_permission_of_ones_own_counts(self) -> None:
        permission = Permission.objects.get(codename="add_workflowdefinition")
        self.uma.user_permissions.add(permission)
        found = EmailBackend().get_user(self.uma.pk)
        assert found is not None
        self.assertTrue(found.has_perm("workflows.add_workflowdefinition"))

    def test_a_role_that_was_taken_away_is_gone_at_the_next_request(self) -> None:
        self.uma.groups.clear()
        found = EmailBackend().get_user(self.uma.pk)
        assert found is not None
        self.assertEqual(found.get_all_permissions(), set())

    def test_a_superuser_may_do_everything(self) -> None:
        found = EmailBackend().get_user(self.root.pk)
        assert found is not None
        self.assertTrue(found.has_perm("tickets.add_myticket"))
        self.assertIn("tickets.add_myticket", found.get_all_permissions())
