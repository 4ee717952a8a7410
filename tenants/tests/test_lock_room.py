"""Postgres must have room for the locks that a backup takes, and deleting a person."""

from __future__ import annotations

from unittest import mock

from django.core import checks
from django.db import connection

from tenants import lock_room
from tenants.lock_room import LOCKS_OF_A_COMPANY
from tenants.models import Company, User
from tenants.testing import CompanyTestCase

# Tables of a company, and of these and their indexes those that the transaction locks.
_TABLES = """
SELECT count(*) FROM pg_class
 WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p')
"""
_HELD = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE l.pid = pg_backend_pid() AND c.relnamespace = %s::regnamespace
"""


class LockRoomTests(CompanyTestCase):
    works_outside = True

    def test_so_many_locks_a_company_needs(self) -> None:
        """Whoever adds a table adds to what a backup locks."""
        self.assertLessEqual(self.count(_TABLES, "acme"), LOCKS_OF_A_COMPANY)

    def test_deleting_a_person_locks_one_table_of_another_company(self) -> None:
        """With its index. Who is named nowhere is looked for in all tables of their own."""
        person = User.objects.create(email="new@acme.example", company=self.acme)
        before = self.count(_HELD, "globex")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.tenants_user WHERE id = %s", [person.pk])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.assertEqual(self.count(_HELD, "globex") - before, 2)

    def count(self, query: str, schema: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(query, [schema])
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
