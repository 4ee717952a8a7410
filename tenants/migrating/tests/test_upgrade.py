from __future__ import annotations

import subprocess
import sys
import unittest
import uuid
from contextlib import redirect_stdout
from io import StringIO
from typing import Any
from unittest import mock

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.test import tag

from tenants.connection import forget_search_path, use_public
from tenants.migrating.collecting import Replay, Standard, collect_steps
from tenants.migrating.data_migrations import DataMigration
from tenants.migrating.testing import database_of_its_own, more_migrations, one_more
from tenants.migrating.upgrade import IN_USE, NO_SCHEMA, upgrade_companies, upgrade_shared
from tenants.migrating.versions import (
    forget_what_is_known,
    is_up_to_date,
    version_of,
)
from tenants.models import Company
from tenants.services import create_company
from tenants.testing import child_environment
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import wait_until
from tenants.tests.test_provisioning import migrations_of, rows_of, shape_of

COMPANIES = ("acme", "globex", "initech", "umbrella")
# The command in a process of its own, with the migration that `a_column` is.
RUN = """
import django
django.setup()
from django.core.management import call_command
from tenants.migrating.testing import more_migrations
from tenants.migrating.tests.test_upgrade import a_column
with more_migrations(a_column()):
    call_command("migrate_schemas")
"""


def a_column(name: str = "more") -> Migration:
    field: Any = models.TextField(null=True)
    return one_more(f"9999_{name}", "tickets", migrations.AddField("ticket", name, field))


def numbers(apps: Any, _editor: Any) -> None:
    colours = apps.get_model("workflows", "Colour").objects
    for name in ("red", "blue"):
        colours.create(name=name, code=name)


def shout(apps: Any, _editor: Any) -> None:
    colours = apps.get_model("workflows", "Colour").objects
    for colour in colours.all():
        colour.name = colour.name.upper()
        colour.save()


def refuse(_apps: Any, _editor: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        if cursor.fetchone()[0] == "initech":
            raise ValueError("Nobody knows this colour.\nA second line.")


def many_kinds() -> list[Migration]:
    """One of each kind of migration that is likely, one after the other."""
    kinds: list[list[Operation]] = [
        [
            migrations.CreateModel(
                "Colour",
                [
                    ("id", models.BigAutoField(primary_key=True)),
                    ("name", models.TextField()),
                    ("code", models.CharField(max_length=5, unique=True)),
                    ("of", models.ForeignKey("tenants.User", models.CASCADE, null=True)),
                ],
            )
        ],
        [DataMigration(numbers, for_new_companies=True)],
        [
            migrations.AddField("Colour", "shade", models.PositiveIntegerField(default=3)),
            migrations.AddField(
                "Colour", "like", models.ForeignKey("self", models.CASCADE, null=True)
            ),
        ],
        [migrations.RunSQL("UPDATE workflows_colour SET like_id = id, shade = 7 /* 100 % */")],
        [migrations.AlterField("Colour", "name", models.CharField(max_length=50))],
        [DataMigration(shout, for_new_companies=False)],
        # These look up the names of constraints.
        [migrations.AlterField("Colour", "code", models.CharField(max_length=9))],
        [migrations.AlterField("Colour", "shade", models.IntegerField(default=3))],
        [
            migrations.RenameField("Colour", "shade", "tone"),
            migrations.AddIndex("Colour", models.Index(fields=["tone"], name="colour_tone")),
            migrations.AddConstraint(
                "Colour", models.CheckConstraint(condition=models.Q(tone__gt=1), name="toned")
            ),
        ],
        [migrations.AddField("Colour", "key", models.UUIDField(default=uuid.uuid4))],
        [migrations.RenameModel("Colour", "Paint"), migrations.RemoveField("Paint", "of")],
        [migrations.AddField("Paint", "note", models.TextField(default=""))],
    ]
    made: list[Migration] = []
    for number, operations in enumerate(kinds):
        migration: Any = one_more(f"99{number:02}_kind", "workflows", *operations)
        if made:
            migration.dependencies = [("workflows", made[-1].name)]
        made.append(migration)
    return made


class _UpgradeCase(unittest.TestCase):
    """Four companies in a copy of the database, which each test may spoil."""

    SECONDS_EACH = 5.0
    databases = {"default"}  # of which they take a copy

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(database_of_its_own())  # of which each test takes its copy
        for schema in COMPANIES[2:]:
            create_company(name=schema.title(), schema_name=schema)

    def setUp(self) -> None:
        self.enterContext(database_of_its_own())
        self.addCleanup(forget_what_is_known)

    def migrate(self, **options: Any) -> str:
        said = StringIO()
        with redirect_stdout(said):  # django-tenants writes there
            call_command("migrate_schemas", stdout=said, stderr=said, **options)
        use_public()
        return said.getvalue()

    def execute(self, *statements: str) -> None:
        with connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)

    def select(self, query: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            rows: list[Any] = cursor.fetchall()
            return rows

    def have_column(self, name: str = "more") -> set[str]:
        """The companies with that column of tickets."""
        rows = self.select(
            "SELECT table_schema FROM information_schema.columns"
            f" WHERE table_name = 'tickets_ticket' AND column_name = '{name}'"
        )
        return {schema for (schema,) in rows}

    def are_consistent(self) -> None:
        """What a company has recorded is what it has, and its version says the same."""
        for company in Company.objects.all():
            has = migrations_of(company.schema_name)
            self.assertEqual(
                ("tickets", "9999_more") in has, company.schema_name in self.have_column()
            )
            if company.schema_version:
                self.assertEqual(company.schema_version, version_of(has))


@tag("companies")
class EqualityTests(_UpgradeCase):
    def test_it_equals_the_standard_way(self) -> None:
        with more_migrations(*many_kinds()):
            self.migrate(shared=True, verbosity=0)
            self.migrate(schema_name="umbrella", executor="standard", verbosity=0)
            steps = collect_steps("acme")
            # Code; the names of constraints, twice; a default that is made for each company; the
            # name of a foreign key.
            alone = [each.migration.name[:4] for each in steps if isinstance(each, Standard)]
            self.assertEqual(alone, ["9901", "9905", "9906", "9907", "9909", "9910"])
            self.assertEqual(sum(isinstance(each, Replay) for each in steps), 4)
            self.migrate(verbosity=0)
            for schema in COMPANIES[:3]:
                self.assertEqual(shape_of(schema), shape_of("umbrella"))
                self.assertEqual(migrations_of(schema), migrations_of("umbrella"))
                of_upgrade, of_standard = rows_of(schema), rows_of("umbrella")
                for rows in (of_upgrade, of_standard):
                    rows.pop("audit_auditevent")  # one where the test has created the company
                    rows.pop("people_here")  # they have other people
                # How many: keys that are made for each company are others.
                self.assertEqual(
                    {table: len(found) for table, found in of_upgrade.items()},
                    {table: len(found) for table, found in of_standard.items()},
                )
            forget_search_path()
            paint = "SELECT name, code, tone, like_id FROM {}.workflows_paint ORDER BY id"
            for schema in COMPANIES:
                self.assertEqual(
                    self.select(paint.format(schema)),
                    [("RED", "red", 7, 1), ("BLUE", "blue", 7, 2)],
                )
            self.assertEqual(
                {company.schema_version for company in Company.objects.all()},
                {version_of(migrations_of("umbrella"))},
            )

    @long_run_only
    def test_each_company_gets_values_of_its_own(self) -> None:
        with more_migrations(*many_kinds()):
            self.migrate(verbosity=0)
            keys = {self.select(f"SELECT key FROM {each}.workflows_paint")[0] for each in COMPANIES}
        self.assertEqual(len(keys), len(COMPANIES))

    def test_a_schema_that_was_left_empty_is_filled(self) -> None:
        """Where sign-up or an old version of django-tenants broke off."""
        self.execute("CREATE SCHEMA hollow")
        Company.objects.create(name="Hollow", schema_name="hollow")
        self.migrate(verbosity=0)
        self.assertEqual(shape_of("hollow"), shape_of("acme"))
        self.assertEqual(migrations_of("hollow"), migrations_of("acme"))
        forget_search_path()

    @long_run_only
    def test_what_was_squashed_is_recorded(self) -> None:
        squashed: Any = one_more("9999_squashed", "tickets")
        [(_, last)] = squashed.dependencies
        squashed.replaces = [("tickets", last)]
        squashed.dependencies = [
            ("tickets", sorted(name for app, name in migrations_of("acme") if app == "tickets")[-2])
        ]
        with more_migrations(squashed):
            self.migrate(verbosity=0)
            for schema in COMPANIES:
                self.assertIn(("tickets", "9999_squashed"), migrations_of(schema))
                self.assertTrue(is_up_to_date(Company.objects.get(schema_name=schema)))


@tag("companies")
class FailureTests(_UpgradeCase):
    def test_one_that_fails_stops_nobody_and_is_listed(self) -> None:
        self.execute("ALTER TABLE globex.tickets_ticket ADD more integer")
        with more_migrations(a_column()):
            with self.assertRaises(CommandError) as raised:
                self.migrate()
            text = str(raised.exception)
            self.assertIn("Globex (globex): tickets.9999_more: ProgrammingError: column", text)
            self.assertNotIn("Acme", text)
            self.assertEqual(self.have_column(), set(COMPANIES))
            for company in Company.objects.all():
                self.assertEqual(is_up_to_date(company), company.schema_name != "globex")
            self.assertIn("Globex", self.migrate(tolerate_failures=True))
            self.execute("ALTER TABLE globex.tickets_ticket DROP more")
            said = self.migrate()
            self.assertIn("Companies: 1 brought up to date, 3 were, 0 failed.", said)
            self.assertTrue(is_up_to_date(Company.objects.get(schema_name="globex")))
            self.are_consistent()

    def test_code_that_fails_in_one_leaves_it_as_it_was(self) -> None:
        column = a_column()
        code: Any = one_more("9999_refuse", "workflows", migrations.RunPython(refuse))
        code.dependencies.append(("tickets", column.name))
        with more_migrations(column, code):
            with self.assertRaises(CommandError) as raised:
                self.migrate(verbosity=0)
            self.assertIn(
                "workflows.9999_refuse: ValueError: Nobody knows this colour.\n",
                str(raised.exception),
            )
            behind = [each.schema_name for each in Company.objects.all() if not is_up_to_date(each)]
            self.assertEqual(behind, ["initech"])
            self.are_consistent()

    def test_a_company_without_its_schema_is_told(self) -> None:
        Company.objects.create(name="Nowhere", schema_name="nowhere")
        with more_migrations(a_column()):
            with self.assertRaises(CommandError) as raised:
                self.migrate(verbosity=0)
            self.assertIn(f"Nowhere (nowhere): {NO_SCHEMA}", str(raised.exception))
            self.assertEqual(self.have_column(), set(COMPANIES))

    def test_it_says_how_far_it_is(self) -> None:
        with more_migrations(a_column()):
            said = self.migrate()
        self.assertIn("tickets.9999_more: for 4 companies, in one go.", said)
        self.assertIn("4 of 4 companies (100 %)", said)
        self.assertIn("Companies: 4 brought up to date, 0 were, 0 failed.", said)
        self.assertIn("Companies: 0 brought up to date, 4 were, 0 failed.", self.migrate())

    def test_a_version_that_was_not_written_is(self) -> None:
        Company.objects.update(schema_version="")
        self.migrate(verbosity=0)
        self.are_consistent()
        self.assertFalse(Company.objects.filter(schema_version="").exists())

    def test_after_the_standard_way_the_versions_are_right(self) -> None:
        column = a_column()
        [(_, before)] = column.dependencies
        with more_migrations(column):
            self.migrate(verbosity=0)
            self.migrate(app_label="tickets", migration_name=before, verbosity=0)
        self.assertEqual(self.have_column(), set())
        self.are_consistent()


class OnConnectionOfItsOwn:
    """Holds a lock on a table until `release`."""

    def __init__(self, table: str, mode: str = "ACCESS SHARE") -> None:
        self.connection = connection.copy()
        self.cursor = self.connection.cursor()
        self.cursor.execute("BEGIN")
        self.cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")

    def is_waited_for(self) -> bool:
        self.cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
            " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(self.cursor.fetchone()[0])

    def release(self) -> None:
        self.connection.close()


@tag("processes")
class BesideOthersTests(_UpgradeCase):
    SECONDS_EACH = 20.0

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            env=child_environment(),
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(_end, process)
        return process

    def hold(self, table: str) -> OnConnectionOfItsOwn:
        holder = OnConnectionOfItsOwn(table)
        self.addCleanup(holder.release)
        return holder

    @long_run_only
    def test_tables_in_use_are_tried_again_and_told_in_the_end(self) -> None:
        holder = self.hold("globex.tickets_ticket")
        with more_migrations(a_column()):
            self.migrate(shared=True, verbosity=0)
            outcome = upgrade_companies(schemas=None, tell=_say_nothing, pauses=(0, 0))
            self.assertEqual(outcome.failures, {"globex": IN_USE})
            self.assertEqual(self.have_column(), set(COMPANIES) - {"globex"})
            told: list[str] = []

            def let_go(text: str) -> None:
                told.append(text)
                if text.startswith("1 of 1"):  # after the first time
                    holder.release()

            outcome = upgrade_companies(schemas=None, tell=let_go, pauses=(0, 0))
            self.assertEqual((outcome.failures, outcome.upgraded), ({}, 1))
            self.assertEqual(told.count("1 of 1 companies (100 %)"), 2)
            self.are_consistent()

    def test_shared_tables_in_use_are_tried_again_and_told_in_the_end(self) -> None:
        holder = self.hold("public.tenants_company")
        field: Any = models.TextField(null=True)
        more = one_more("9999_shared", "tenants", migrations.AddField("company", "more", field))
        soon = mock.patch.object(upgrade_shared, "__kwdefaults__", {"pauses": (0, 0)})
        with more_migrations(more), soon:
            with self.assertRaises(CommandError) as told:
                self.migrate(shared=True, verbosity=0)
            self.assertIn("in use all the time", str(told.exception))
            self.assertFalse(holder.is_waited_for())

            class LetsGo(StringIO):
                def write(self, text: str) -> int:
                    if "Trying again" in text:  # after the first time
                        holder.release()
                    return super().write(text)

            said = LetsGo()
            call_command("migrate_schemas", shared=True, verbosity=0, stdout=said)
            self.assertEqual(said.getvalue().count("Trying again"), 1)
        self.assertEqual(self.select("SHOW lock_timeout"), [("0",)])

    def test_a_run_that_is_killed_is_finished_by_the_next(self) -> None:
        holder = self.hold("initech.tickets_ticket")
        killed = self.start()
        wait_until(
            lambda: holder.is_waited_for() or killed.poll() is not None,
            "It never came to the third company.",
        )
        self.assertIsNone(killed.poll(), killed.stdout and killed.stdout.read())
        killed.kill()
        killed.wait()
        holder.release()
        with more_migrations(a_column()):
            self.are_consistent()
            self.assertLessEqual({"acme", "globex"}, self.have_column())
            wait_until(lambda: not self.others_are_connected())
            self.assertNotIn("initech", self.have_column())
            self.migrate(verbosity=0)
            self.assertEqual(self.have_column(), set(COMPANIES))
            self.are_consistent()
            for schema in COMPANIES:
                self.assertEqual(shape_of(schema), shape_of("acme"))
            forget_search_path()

    def test_two_runs_at_once_do_not_harm_each_other(self) -> None:
        holder = self.hold("initech.tickets_ticket")
        first = self.start()
        wait_until(holder.is_waited_for, "The first never came to the third company.")
        second = self.start()
        wait_until(self.somebody_waits_for_the_run, "The second does not wait for the first.")
        holder.release()
        said = [process.communicate(timeout=180)[0] for process in (first, second)]
        self.assertEqual([first.returncode, second.returncode], [0, 0], said)
        self.assertIn("4 brought up to date, 0 were", said[0])
        self.assertIn("Another run is under way.", said[1])
        self.assertIn("0 brought up to date, 4 were", said[1])
        with more_migrations(a_column()):
            self.assertEqual(self.have_column(), set(COMPANIES))
            self.are_consistent()

    def somebody_waits_for_the_run(self) -> bool:
        return bool(
            self.select(
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )

    def others_are_connected(self) -> bool:
        return bool(
            self.select(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


def _say_nothing(_text: str) -> None:
    pass
