"""Whether `dev.py up` notices that a schema is behind."""

from __future__ import annotations

from django.db import connection
from django.test import TestCase

from project.development.pending_migrations import PENDING, UP_TO_DATE, main
from tenants.models import Company


class PendingMigrationsTests(TestCase):
    def test_a_complete_database_is_up_to_date(self) -> None:
        self.assertTrue(Company.objects.exists())
        self.assertEqual(main(), UP_TO_DATE)

    def test_one_company_that_is_behind_is_noticed(self) -> None:
        company = Company.objects.order_by("pk")[0]
        table = connection.ops.quote_name(company.schema_name) + ".django_migrations"
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE app = 'tickets'")
            self.assertGreater(cursor.rowcount, 0)
        self.assertEqual(main(), PENDING)
