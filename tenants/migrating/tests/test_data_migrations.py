from __future__ import annotations

import functools
from typing import Any, cast
from unittest import mock

from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.writer import OperationWriter
from django.test import tag

from tenants import provisioning
from tenants.connection import use_company, use_public
from tenants.errors import UndeclaredDataMigrationError
from tenants.migrating.data_migrations import DataMigration, undeclared_operations
from tenants.models import Company
from tenants.provisioning import ensure_declared
from tenants.services import create_company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase

Schema = Any


def add_colours(apps: Any, _schema_editor: Schema) -> None:
    colours = apps.get_model("workflows", "Colour").objects
    for name in ("red", "blue"):
        # As the table is at this point: what is added to it later is not there yet.
        colours.create(name=name)


def add_more(apps: Any, _schema_editor: Schema) -> None:
    apps.get_model("workflows", "Colour").objects.create(name="green", is_warm=False)


def not_for_new_ones(_apps: Any, _schema_editor: Schema) -> None:
    raise AssertionError("A company that is made now has no rows of an older version.")


def nothing(_apps: Any, _schema_editor: Schema) -> None:
    """Stands for a migration that nobody has thought about."""


def make_colours(*operations: migrations.operations.base.Operation) -> Migration:
    """One more migration of workflows, with a table of its own."""
    table = migrations.CreateModel(
        "Colour", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
    )
    return make_migration("9999_colours", "workflows", table, *operations)


def make_migration(
    name: str, app_label: str, *operations: migrations.operations.base.Operation
) -> Migration:
    migration: Any = Migration(name, app_label)
    migration.operations = list(operations)
    return cast("Migration", migration)


@tag("companies")
class NewCompaniesTests(CompanyTransactionTestCase):
    SECONDS_EACH = 4.0

    def setUp(self) -> None:
        super().setUp()
        use_public()
        # Beside those that this process has collected, which other tests go on with.
        collect = functools.cache(provisioning.company_schema_steps.__wrapped__)
        self.enterContext(mock.patch.object(provisioning, "company_schema_steps", collect))

    def with_migration(self, migration: Migration) -> None:
        """As if it were the last one of all."""
        usual = MigrationExecutor.migration_plan

        def plan(executor: Any, *args: Any, **options: Any) -> list[tuple[Migration, bool]]:
            return [*usual(executor, *args, **options), (migration, False)]

        self.enterContext(mock.patch.object(MigrationExecutor, "migration_plan", plan))

    def colours_of(self, company: Company) -> list[tuple[str, bool]]:
        use_company(company)
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, is_warm FROM workflows_colour ORDER BY id")
            rows: list[tuple[str, bool]] = cursor.fetchall()
        use_public()
        return rows

    def test_those_that_new_companies_need_are_run_in_their_place(self) -> None:
        self.with_migration(
            make_colours(
                DataMigration(add_colours, for_new_companies=True),
                migrations.AddField("Colour", "is_warm", models.BooleanField(default=True)),
                DataMigration(not_for_new_ones, for_new_companies=False),
                DataMigration(add_more, for_new_companies=True),
                migrations.AddConstraint(
                    "Colour", models.UniqueConstraint("name", name="one_of_a_name")
                ),
            )
        )
        for name in ("First", "Second"):
            company = create_company(name=name)
            self.assertEqual(
                self.colours_of(company), [("red", True), ("blue", True), ("green", False)]
            )

    def test_what_follows_may_change_a_table_with_new_rows(self) -> None:
        """Rows whose foreign keys are not checked yet would forbid it."""
        self.with_migration(
            make_colours(
                migrations.AddField(
                    "Colour",
                    "like",
                    models.ForeignKey("workflows.Colour", models.CASCADE, null=True),
                ),
                DataMigration(like_oneself, for_new_companies=True),
                migrations.AddField("Colour", "is_warm", models.BooleanField(default=True)),
            )
        )
        self.assertEqual(self.colours_of(create_company(name="Third")), [("red", True)])

    def test_one_that_fails_leaves_no_company(self) -> None:
        self.with_migration(make_colours(DataMigration(not_for_new_ones, for_new_companies=True)))
        with self.assertRaises(AssertionError):
            create_company(name="Fourth")
        self.assertFalse(Company.objects.filter(name="Fourth").exists())

    def test_without_a_declaration_no_company_is_made(self) -> None:
        self.with_migration(make_colours(migrations.RunPython(nothing)))
        with self.assertRaisesMessage(UndeclaredDataMigrationError, "workflows.9999_colours"):
            create_company(name="Fifth")
        self.assertFalse(Company.objects.filter(name="Fifth").exists())


def like_oneself(apps: Any, _schema_editor: Schema) -> None:
    colours = apps.get_model("workflows", "Colour").objects
    red = colours.create(name="red")
    colours.update(like=red)


class DeclarationTests(CompanyTestCase):
    def test_every_migration_of_companies_is_declared(self) -> None:
        every = MigrationLoader(None).disk_migrations.values()
        use_company(self.acme)
        ensure_declared(every)

    def test_what_concerns_public_alone_needs_no_declaration(self) -> None:
        migration = make_migration("9999_people", "tenants", migrations.RunPython(nothing))
        use_company(self.acme)
        ensure_declared([migration])

    def test_it_sees_every_way_to_run_code(self) -> None:
        inside = migrations.SeparateDatabaseAndState(
            database_operations=[DataMigration(nothing, for_new_companies=True)]
        )
        deeper = migrations.SeparateDatabaseAndState(database_operations=[inside])
        for operation in (migrations.RunPython(nothing), OwnOperation(), inside, deeper):
            with self.subTest(operation.describe()):
                self.assertEqual(len(list(undeclared_operations(make_colours(operation)))), 1)
        declared = DataMigration(nothing, for_new_companies=False)
        sql = migrations.RunSQL("SELECT 1")
        self.assertEqual(list(undeclared_operations(make_colours(declared, sql))), [])

    def test_a_declaration_is_kept_when_migrations_are_squashed(self) -> None:
        for answer in (True, False):
            operation = DataMigration(add_colours, nothing, for_new_companies=answer)
            text, _imports = OperationWriter(operation, indentation=0).serialize()
            self.assertIn(f"for_new_companies={answer}", text)


class OwnOperation(migrations.operations.base.Operation):
    """Neither SQL nor RunPython."""

    reduces_to_sql = False

    def describe(self) -> str:
        return "Does something"
