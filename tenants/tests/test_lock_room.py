"""Postgres must have room for the locks that a backup takes, and deleting a person."""

from __future__ import annotations

from unittest import mock

from django.core import checks
from django.db import connection

from tenants.database import lock_room
from tenants.database.lock_room import LOCKS_OF_A_COMPANY
from tenants.models import Company, User
from tenants.testing import CompanyTestCase

# What a backup reads of a company; and of what there is those that the transaction locks.
_READ = """
SELECT relkind::text, quote_ident(relname) FROM pg_class
 WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p', 'S')
"""
_HELD = """
SELECT count(DISTINCT c.oid) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE l.pid = pg_backend_pid() AND c.relnamespace = %s::regnamespace
"""


class LockRoomTests(CompanyTestCase):
    works_outside = True

    def test_so_many_locks_a_company_needs(self) -> None:
        """Whoever adds a table, an index or a sequence adds to what a backup locks. It reads as
        pg_dump does: where the wall filters the rows, a copy is planned, and that locks indexes."""
        with connection.cursor() as cursor:
            cursor.execute(_READ, ["acme"])
            for kind, name in cursor.fetchall():
                if kind == "S":
                    cursor.execute(f"SELECT last_value FROM acme.{name}")
                    continue
                with cursor.copy(f"COPY acme.{name} TO STDOUT") as rows:
                    for _row in rows:
                        pass
        locked = self.count(_HELD, "acme")
        self.assertGreater(locked, 200)
        self.assertLessEqual(locked, LOCKS_OF_A_COMPANY)

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
        with mock.patch("tenants.database.lock_room.LOCKS_OF_A_COMPANY", many):
            (said,) = lock_room.check_room_for_locks(databases=["default"])
            with self.assertLogs("tenants.database.lock_room", "WARNING"):
                lock_room.warn_of_lack_of_locks()
        self.assertIsInstance(said, checks.Warning)
        self.assertEqual(said.id, "tenants.W013")
        self.assertIn("max_locks_per_transaction to ", str(said.hint))
        self.assertEqual(lock_room.check_room_for_locks(databases=None), [])
