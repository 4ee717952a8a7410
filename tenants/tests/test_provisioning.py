from __future__ import annotations

import functools
from typing import Any
from unittest import mock

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.test import tag
from django_tenants.utils import schema_exists

from tenants import provisioning
from tenants.connection import current_schema, forget_search_path, use_public
from tenants.errors import SchemaExistsError
from tenants.models import Company, NewCompanyTables, User
from tenants.provisioning import company_schema_source, keep_company_schema, source_digest
from tenants.services import create_company, sign_up
from tenants.spare_schemas.keep import make_spare
from tenants.testing import PASSWORD, CompanyTransactionTestCase

SHAPE = """
SELECT 'column', table_name, column_name, data_type, is_nullable, character_maximum_length::text,
       is_identity || coalesce(replace(column_default, %(schema)s, '?'), '')
FROM information_schema.columns WHERE table_schema = %(schema)s
UNION ALL
SELECT 'relation', relname, relkind::text, relrowsecurity::text, relforcerowsecurity::text,
       relowner::regrole::text, coalesce(relacl::text, '') || coalesce(reloptions::text, '')
FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'policy', c.relname, polname, polcmd::text || polpermissive::text || polroles::text,
       replace(coalesce(pg_get_expr(polqual, polrelid), ''), %(schema)s, '?'),
       replace(coalesce(pg_get_expr(polwithcheck, polrelid), ''), %(schema)s, '?'), ''
FROM pg_policy JOIN pg_class c ON c.oid = polrelid
WHERE c.relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'trigger', c.relname, tgname, replace(pg_get_triggerdef(t.oid), %(schema)s, '?'), '', '', ''
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal
UNION ALL
SELECT 'function', proname, replace(pg_get_functiondef(oid), %(schema)s, '?'), '', '', '', ''
FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'index', tablename, replace(indexdef, %(schema)s || '.', ''), '', '', '', ''
FROM pg_indexes WHERE schemaname = %(schema)s
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(c.oid), '', '', ''
FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace WHERE nspname = %(schema)s
UNION ALL
SELECT 'sequence', sequencename, '', '', '', '', ''
FROM pg_sequences WHERE schemaname = %(schema)s
ORDER BY 1, 2, 3
"""


def shape_of(schema: str) -> list[tuple[Any, ...]]:
    """Everything that there is in a schema, without the schema's name."""
    with connection.cursor() as cursor:
        cursor.execute(f'SET search_path TO "{schema}", public')
        cursor.execute(SHAPE, {"schema": schema})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    forget_search_path()
    return rows


def migrations_of(schema: str) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations')
        return set(cursor.fetchall())


def migrate_the_standard_way(company: Company) -> None:
    """Make a company's schema as Django and django-tenants do it."""
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{company.schema_name}"')
    call_command(
        "migrate_schemas", schema_name=company.schema_name, executor="standard", verbosity=0
    )


def rows_of(schema: str) -> dict[str, list[str]]:
    """{table: its rows} of a schema, but for when its migrations were applied."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        rows = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT (to_jsonb(row) - %s)::text FROM "{schema}"."{table}" AS row ORDER BY 1',
                ["applied"],
            )
            rows[table] = [row for (row,) in cursor.fetchall()]
    return rows


@tag("companies")
class ProvisioningTests(CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        use_public()

    def test_a_replayed_schema_and_a_spare_one_equal_a_migrated_one(self) -> None:
        replayed = create_company(name="Replayed", schema_name="replayed")
        source = company_schema_source()
        assert source is not None
        spare = make_spare(source)
        taken = create_company(name="Taken", schema_name="taken")
        self.assertFalse(schema_exists(spare.schema_name))
        migrated = Company.objects.create(name="Migrated", schema_name="migrated")
        migrate_the_standard_way(migrated)
        shape, rows = shape_of("migrated"), rows_of("migrated")
        self.assertGreater(len(shape), 100)
        self.assertEqual(rows["audit_auditevent"], [])
        for company in (replayed, taken):
            schema = company.schema_name
            self.assertEqual(shape_of(schema), shape)
            self.assertEqual(migrations_of(schema), migrations_of("migrated"))
            found = rows_of(schema)
            self.assertEqual(len(found["audit_auditevent"]), 1)  # that it was created
            self.assertEqual({**found, "audit_auditevent": []}, rows)
        own = ("id", "name", "schema_name", "created_at")
        first, second = (
            {name: value for name, value in values.items() if name not in own}
            for values in Company.objects.filter(pk__in=(replayed.pk, taken.pk)).values()
        )
        self.assertEqual(first, second)

    def test_migrating_a_replayed_schema_finds_nothing_to_do(self) -> None:
        create_company(name="Replayed", schema_name="replayed")
        before = shape_of("replayed")
        call_command("migrate_schemas", schema_name="replayed", verbosity=0)
        self.assertEqual(shape_of("replayed"), before)

    def as_another_process(self) -> None:
        """Forget what this process has collected; other tests go on with that."""
        steps = functools.cache(provisioning.company_schema_steps.__wrapped__)
        self.enterContext(mock.patch.object(provisioning, "company_schema_steps", steps))

    def test_one_process_collects_for_all(self) -> None:
        NewCompanyTables.objects.all().delete()
        NewCompanyTables.objects.create(source="an older version", statements="SELECT 1;")
        self.as_another_process()
        keep_company_schema()
        self.assertEqual(NewCompanyTables.objects.count(), 1)  # and nothing of the older version
        create_company(name="Collected", schema_name="collected")

        self.as_another_process()
        refused = AssertionError("It was collected once more.")
        with mock.patch.object(provisioning, "_collect_steps", side_effect=refused):
            company = create_company(name="Kept", schema_name="kept")
        self.assertEqual(shape_of("kept"), shape_of("collected"))
        self.assertEqual(migrations_of("kept"), migrations_of("collected"))
        collected = Company.objects.get(schema_name="collected")
        self.assertEqual(company.schema_version, collected.schema_version)

    def test_what_is_made_of_other_files_is_not_taken(self) -> None:
        migrations = list(MigrationLoader(None).disk_migrations.values())
        source = source_digest(migrations)
        self.assertRegex(source or "", r"^[0-9a-f]{64}$")
        self.assertEqual(source_digest(migrations), source)
        self.assertNotEqual(source_digest(migrations[1:]), source)
        made_here = Migration("0001_made_here", "tickets")
        self.assertIsNone(source_digest([*migrations, made_here]))
        with mock.patch.object(provisioning, "version", return_value="another"):
            self.assertNotEqual(source_digest(migrations), source)

    def test_a_failure_half_way_leaves_nothing(self) -> None:
        companies, people = Company.objects.count(), User.objects.count()
        with self.assertRaises(ValueError):
            sign_up(
                company_name="Half",
                first_name="Half",
                last_name="Way",
                email="",
                password=PASSWORD,
            )
        self.assertEqual((Company.objects.count(), User.objects.count()), (companies, people))
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'half%'")
            self.assertEqual(cursor.fetchall(), [])

    def test_a_schema_that_exists_is_not_taken_over(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA squatter")
        try:
            with self.assertRaises(SchemaExistsError):
                create_company(name="Squatter", schema_name="squatter")
            self.assertFalse(Company.objects.filter(schema_name="squatter").exists())
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA squatter")

    def test_it_refuses_names_that_are_reserved_or_need_quoting(self) -> None:
        for name in (
            "public",
            "pg_temp",
            "information_schema",
            'a"; drop',
            "Upper",
            "1st",
            "a" * 42,
        ):
            with self.subTest(name), self.assertRaises(ValidationError):
                create_company(name="Bad", schema_name=name)

    def test_the_connection_stays_where_it_was(self) -> None:
        before = current_schema()
        with transaction.atomic():
            create_company(name="Elsewhere")
        self.assertEqual(current_schema(), before)
