from __future__ import annotations

import unittest

import psycopg
from django.db import connection
from django.test import tag

from tenants.testing_tools.databases import connect, database_beside


def exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)", [name])
        [(there,)] = cursor.fetchall()
    return bool(there)


@tag("companies")
class DatabaseBesideTests(unittest.TestCase):
    def test_it_is_dropped_with_whoever_was_left_in_it(self) -> None:
        with database_beside("left_in") as name:
            left = connect(name)
            self.addCleanup(left.close)
            self.assertTrue(exists(name))
        self.assertFalse(exists(name))
        with self.assertRaises(psycopg.OperationalError):
            left.execute("SELECT 1")

    def test_it_is_dropped_where_the_test_fails(self) -> None:
        with self.assertRaises(ZeroDivisionError), database_beside("failed") as name:
            raise ZeroDivisionError
        self.assertFalse(exists(name))
