"""Postgres must have room for the locks that deleting a person takes."""

from __future__ import annotations

from unittest import mock

from django.core import checks
from django.db import connection

from tenants import lock_room
from tenants.lock_room import LOCKS_OF_A_COMPANY
from tenants.models import Company, User
from tenants.testing import CompanyTestCase

# Of the transaction, in the two companies: relations of theirs that are locked.
_HELD = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE l.pid = pg_backend_pid() AND n.nspname IN ('acme', 'globex')
"""


class LockRoomTests(CompanyTestCase):
    works_outside = True

    def test_so_many_locks_a_company_needs(self) -> None:
        """Whoever adds a table that points to people adds to what everybody's deletion locks."""
        person = User.objects.create(email="new@acme.example", company=self.acme)
        before = self.held()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.tenants_user WHERE id = %s", [person.pk])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        taken = (self.held() - before) / 2
        self.assertGreater(taken, 0)
        self.assertLessEqual(taken, LOCKS_OF_A_COMPANY)

    def held(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(_HELD)
            return int(cursor.fetchone()[0])

    def test_where_there_is_too_little_room_the_check_says_how_much(self) -> None:
        self.assertEqual(lock_room.check_room_for_locks(databases=["default"]), [])
        many = 10_000_000 // Company.objects.count()
        with mock.patch("tenants.lock_room.LOCKS_OF_A_COMPANY", many):
            (said,) = lock_room.check_room_for_locks(databases=["default"])
            with self.assertLogs("tenants.lock_room", "WARNING"):
                lock_room.warn_of_lack_of_locks()
        self.assertIsInstance(said, checks.Warning)
        self.assertEqual(said.id, "tenants.W013")
        self.assertIn("max_locks_per_transaction to ", str(said.hint))
        self.assertEqual(lock_room.check_room_for_locks(databases=None), [])
