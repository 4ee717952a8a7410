"""The upgrade that lets companies' tables point to their own people, beside those who work.

Every request reads the table of all people: nobody may be kept from it for long.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.db import connection
from django.test import tag

from tenants.connection import use_public
from tenants.migrating import upgrade
from tenants.migrating.tests.test_upgrade import OnConnectionOfItsOwn, _UpgradeCase
from tenants.migrating.upgrade import (
    IN_USE,
    SHARED_IN_USE,
    TRYING_AGAIN,
    upgrade_companies,
)
from tenants.migrating.versions import forget_what_is_known
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import wait_until
from tenants.tests.test_provisioning import shape_of
from tenants.wall.build import build_all_walls

OLD = ("acme", "globex", "initech")
PEOPLE = "public.tenants_user"
POINT_TO_PEOPLE_HERE = import_module("workflows.migrations.0035_people_here").POINT_TO_PEOPLE_HERE


@tag("companies")
class PeopleHereTests(_UpgradeCase):
    SECONDS_EACH = 20.0

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for schema in OLD:
            call_command(
                *("migrate_schemas", "workflows", "0034_what_the_report_counts"),
                schema_name=schema, verbosity=0, stdout=StringIO(),
            )  # fmt: skip
        use_public()
        forget_what_is_known()
        with connection.cursor() as cursor:
            for schema in OLD:
                cursor.execute(
                    "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I, ADD CONSTRAINT %%2$I %%s',"
                    " conrelid::regclass, conname, replace(pg_get_constraintdef(oid), %s, %s))"
                    " FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass",
                    [f"{schema}.people_here(", f"{PEOPLE}(", f"{schema}.people_here"],
                )
                cursor.execute("; ".join(statement for (statement,) in cursor.fetchall()))

    def setUp(self) -> None:
        super().setUp()
        self.holders: list[OnConnectionOfItsOwn] = []
        self.addCleanup(self.release)

    def hold(self, table: str, mode: str = "ACCESS SHARE") -> OnConnectionOfItsOwn:
        self.holders.append(OnConnectionOfItsOwn(table, mode))
        return self.holders[-1]

    def release(self) -> None:
        for each in self.holders:
            each.release()
        self.holders.clear()

    def log_in(self) -> None:
        """What a log-in does to the table of all people; it fails where it would wait."""
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {PEOPLE} IN ROW EXCLUSIVE MODE NOWAIT")
        finally:
            other.close()

    def upgrade(self, *pauses: float) -> dict[str, str]:
        """Those that failed, with the reason; after each round somebody logs in."""

        def tell(_text: str) -> None:
            self.log_in()

        return upgrade_companies(schemas=None, tell=tell, pauses=pauses).failures

    @contextmanager
    def migrating(self, schema: str) -> Iterator[list[Exception]]:
        """Beside what is done within, on a connection of its own; the errors of it."""
        errors: list[Exception] = []

        def run() -> None:
            try:
                with other.cursor() as cursor:
                    cursor.execute(f"SET search_path TO {schema}, public")
                    cursor.execute(POINT_TO_PEOPLE_HERE)
            except Exception as error:
                errors.append(error)
            finally:
                other.close()

        other = connection.copy()
        other.inc_thread_sharing()
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield errors
        finally:
            self.release()
            thread.join()

    def are_old(self) -> set[str]:
        """The companies that point to everybody from elsewhere than `people_here`."""
        rows = self.select(
            "SELECT DISTINCT connamespace::regnamespace::text FROM pg_constraint"
            f" WHERE contype = 'f' AND confrelid = '{PEOPLE}'::regclass"
            " AND connamespace <> 'public'::regnamespace AND conname <> 'people_here_id_fk'"
        )
        return {schema for (schema,) in rows}

    def are_done(self) -> None:
        self.assertEqual(self.upgrade(0), {})
        self.assertEqual(self.are_old(), set())
        self.assertEqual(build_all_walls(), [])  # as migrate_schemas does in the end
        for schema in OLD:
            self.assertEqual(shape_of(schema), shape_of("umbrella"))

    def test_a_long_reader_of_all_people_ends_the_round(self) -> None:
        """A backup, an export: the others are not tried at once, and nobody waits any longer."""
        self.hold(PEOPLE)
        self.assertEqual(self.upgrade(0, 0), dict.fromkeys(OLD, SHARED_IN_USE))
        # Of the others nothing was done.
        begun = self.select(
            "SELECT DISTINCT connamespace::regnamespace::text FROM pg_constraint"
            " WHERE conname LIKE 'people\\_here\\__' OR conname LIKE 'people\\_here\\___'"
        )
        self.assertEqual(begun, [("acme",)])
        self.assertEqual(self.are_old(), set(OLD))
        self.release()
        self.are_done()

    @long_run_only
    def test_a_long_reader_of_a_company_stops_that_one_alone(self) -> None:
        reader = self.hold("globex.tickets_ticket")
        failures = self.upgrade(0)
        self.assertEqual(failures, {"globex": IN_USE})
        self.assertEqual(self.are_old(), {"globex"})
        self.assertFalse(reader.is_waited_for())
        self.release()
        self.are_done()

    @long_run_only
    def test_as_long_as_some_are_done_each_time_it_goes_on(self) -> None:
        def tell(text: str) -> None:
            if text == TRYING_AGAIN:
                self.release()
            elif text.startswith("1 of"):
                self.hold(PEOPLE)

        with mock.patch.object(upgrade, "TELL_EVERY", 0):
            outcome = upgrade_companies(schemas=None, tell=tell, pauses=(0, 0))
        self.assertEqual((outcome.failures, outcome.upgraded), ({}, len(OLD)))

    @long_run_only
    def test_a_long_change_of_people_keeps_the_table_from_being_made(self) -> None:
        self.execute("DROP TABLE acme.people_here CASCADE")
        self.hold(PEOPLE, "ROW EXCLUSIVE")
        self.assertEqual(self.upgrade(0), dict.fromkeys(OLD, SHARED_IN_USE))
        self.release()
        self.are_done()

    def test_a_companys_table_is_waited_for_while_people_log_in(self) -> None:
        reader = self.hold("acme.tickets_ticket")
        with self.migrating("acme") as errors:
            wait_until(reader.is_waited_for)
            self.log_in()
            self.release()
        self.assertEqual(errors, [])
        self.assertEqual(self.are_old(), {"globex", "initech"})

    def test_somebody_who_adds_people_is_waited_for(self) -> None:
        """They come to the company's other tables after `people_here`: nobody waits crosswise."""
        adder = self.hold("acme.people_here", "ROW EXCLUSIVE")
        with self.migrating("acme") as errors:
            wait_until(adder.is_waited_for)
            for (table,) in self.select(
                "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
                f" AND confrelid = '{PEOPLE}'::regclass AND connamespace = 'acme'::regnamespace"
                " AND conname <> 'people_here_id_fk'"
            ):
                adder.cursor.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE NOWAIT")
            self.release()
        self.assertEqual(errors, [])
        self.assertEqual(self.are_old(), {"globex", "initech"})
