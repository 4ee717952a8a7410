"""The embedded Postgres, with real servers in a folder of their own. Needs no Django database."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import psutil
import psycopg
from django.test import tag

from project.database import postmaster
from project.development import embedded_postgres
from project.environment import BASE_DIR
from tenants.testing_tools.waits import PATIENCE, wait_until

START = (
    "import sys; from pathlib import Path; "
    "from project.development import embedded_postgres as server; "
    "print(server.ensure_running(Path(sys.argv[1])).pid)"
)


@tag("processes")
class EmbeddedPostgresTests(unittest.TestCase):
    """One folder for the class: making a cluster takes a second, which each test need not pay."""

    folder: Path
    first_pids: list[int]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp(prefix="ticketflower-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.addClassCleanup(embedded_postgres.stop, cls.folder)
        # The first start of all is two at once: both must come back with the same server.
        starts = [
            subprocess.Popen(
                [sys.executable, "-c", START, str(cls.folder)],
                cwd=BASE_DIR,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        cls.first_pids = [int(start.communicate(timeout=PATIENCE)[0]) for start in starts]

    def setUp(self) -> None:
        self.server = embedded_postgres.ensure_running(self.folder)

    def query(self, statement: str, *, password: str | None = None) -> object:
        """The single value that the statement yields, asked as the application would."""
        entry = postmaster.database_entry(self.folder)
        with psycopg.connect(
            host=entry["HOST"],
            port=entry["PORT"],
            user=entry["USER"],
            password=entry["PASSWORD"] if password is None else password,
            dbname=entry["NAME"],
            autocommit=True,
        ) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def test_two_starts_at_once_share_one_server(self) -> None:
        self.assertEqual(self.first_pids[0], self.first_pids[1])

    def test_a_second_start_finds_the_running_server(self) -> None:
        self.assertEqual(embedded_postgres.ensure_running(self.folder), self.server)

    def test_it_sorts_and_stores_text_the_same_everywhere(self) -> None:
        self.assertEqual(self.query("SHOW server_encoding"), "UTF8")
        self.assertEqual(
            self.query("SELECT datlocale FROM pg_database WHERE datname = 'ticketflower'"),
            "C.UTF-8",
        )

    def test_it_has_room_for_the_locks_of_many_companies(self) -> None:
        self.assertEqual(self.query("SHOW max_locks_per_transaction"), "1500")

    def test_it_refuses_a_wrong_password(self) -> None:
        with self.assertRaisesRegex(psycopg.OperationalError, "password authentication failed"):
            self.query("SELECT 1", password="guessed")

    @unittest.skipIf(os.name == "nt", "Windows has no such modes")
    def test_only_its_owner_may_read_the_password(self) -> None:
        mode = (self.folder / "postgres.password").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_it_listens_on_nothing_that_another_machine_can_reach(self) -> None:
        expected = "127.0.0.1" if os.name == "nt" else ""
        self.assertEqual(self.query("SHOW listen_addresses"), expected)

    def test_what_was_committed_survives_a_killed_server(self) -> None:
        self.query("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
        psutil.Process(self.server.pid).kill()
        wait_until(lambda: postmaster.running_postmaster(self.folder) is None)
        self.assertTrue((self.folder / "postgres" / "postmaster.pid").exists())

        after = embedded_postgres.ensure_running(self.folder)

        self.assertNotEqual(after.pid, self.server.pid)
        self.assertEqual(self.query("SELECT answer FROM kept"), 42)

    def test_a_process_that_was_given_the_same_number_is_not_the_server(self) -> None:
        embedded_postgres.stop(self.folder)
        pid_file = self.folder / "postgres" / "postmaster.pid"
        lines = [str(os.getpid()), str(self.folder / "postgres"), "1", "5432", "", "", "", "ready"]
        pid_file.write_text("\n".join(lines), encoding="utf-8")

        self.assertIsNone(postmaster.running_postmaster(self.folder))
        self.assertNotEqual(embedded_postgres.ensure_running(self.folder).pid, os.getpid())

    def test_it_stops_and_says_whether_it_was_running(self) -> None:
        self.assertTrue(embedded_postgres.stop(self.folder))
        self.assertIsNone(postmaster.running_postmaster(self.folder))
        self.assertFalse(embedded_postgres.stop(self.folder))

    def test_a_server_that_cannot_start_says_why(self) -> None:
        embedded_postgres.stop(self.folder)
        override = self.folder / "postgres" / "postgresql.auto.conf"
        before = override.read_text(encoding="utf-8")
        self.addCleanup(override.write_text, before, encoding="utf-8")
        override.write_text("no_such_setting = 1\n", encoding="utf-8")

        with self.assertRaisesRegex(embedded_postgres.EmbeddedPostgresError, "contains errors"):
            embedded_postgres.ensure_running(self.folder)

    def test_a_cluster_of_another_version_is_left_alone(self) -> None:
        embedded_postgres.stop(self.folder)
        version = self.folder / "postgres" / "PG_VERSION"
        before = version.read_text(encoding="ascii")
        self.addCleanup(version.write_text, before, encoding="ascii")
        version.write_text("9.6\n", encoding="ascii")

        with self.assertRaisesRegex(embedded_postgres.EmbeddedPostgresError, "made by Postgres 9"):
            embedded_postgres.ensure_running(self.folder)


@tag("processes")
class OwnerTests(unittest.TestCase):
    """The role that the application works as must not stand above row security."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ticketflower-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(embedded_postgres.stop, self.folder)

    def connect(self, database: str = "ticketflower") -> psycopg.Connection[tuple[object, ...]]:
        entry = postmaster.database_entry(self.folder)
        return psycopg.connect(
            host=entry["HOST"],
            port=entry["PORT"],
            user=entry["USER"],
            password=entry["PASSWORD"],
            dbname=database,
            autocommit=True,
        )

    def rights(self) -> tuple[object, ...] | None:
        """Whether the role is a superuser, goes past row security, and may make databases."""
        with self.connect() as connection:
            return connection.execute(
                "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()

    def make_as_older_versions_did(self) -> None:
        """With the application's role as the server's own superuser."""
        with (
            mock.patch.object(embedded_postgres, "SUPERUSER", postmaster.NAME),
            mock.patch.object(
                embedded_postgres, "superuser_password_file", postmaster.password_file
            ),
        ):
            embedded_postgres.ensure_running(self.folder)

    def test_a_new_server_belongs_to_a_role_that_is_no_superuser(self) -> None:
        embedded_postgres.ensure_running(self.folder)
        self.assertEqual(self.rights(), (False, False, True))

    def test_a_server_of_an_older_version_is_handed_over_at_its_next_start(self) -> None:
        self.make_as_older_versions_did()
        self.assertEqual(self.rights(), (True, True, True))
        with self.connect() as connection:
            connection.execute("CREATE DATABASE test_of_theirs")
        for database in ("ticketflower", "test_of_theirs"):
            with self.connect(database) as connection:
                connection.execute("CREATE SCHEMA acme")
                connection.execute("CREATE TYPE acme.colour AS ENUM ('red')")
                connection.execute(
                    "CREATE TABLE acme.kept (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                    " number serial, colour acme.colour)"
                )
                connection.execute("INSERT INTO acme.kept (colour) VALUES ('red')")
                connection.execute("CREATE SEQUENCE acme.alone")
                connection.execute("CREATE VIEW acme.seen AS SELECT * FROM acme.kept")
                connection.execute("CREATE FUNCTION acme.two() RETURNS int RETURN 2")
        embedded_postgres.stop(self.folder)

        embedded_postgres.ensure_running(self.folder)

        self.assertEqual(self.rights(), (False, False, True))
        for database in ("ticketflower", "test_of_theirs"):
            with self.subTest(database=database), self.connect(database) as connection:
                row = connection.execute("SELECT acme.two(), colour FROM acme.seen").fetchone()
                self.assertEqual(row, (2, "red"))
                # Only who owns them may.
                for statement in (
                    "ALTER TABLE acme.kept ADD COLUMN more int",
                    "ALTER TYPE acme.colour ADD VALUE 'blue'",
                    "ALTER SEQUENCE acme.alone RESTART",
                    "DROP FUNCTION acme.two()",
                    "DROP SCHEMA acme CASCADE",
                    "CREATE TABLE public.new ()",
                ):
                    connection.execute(statement.encode())
        with self.connect("postgres") as connection:
            connection.execute("DROP DATABASE test_of_theirs")
        # And once is enough.
        embedded_postgres.stop(self.folder)
        embedded_postgres.ensure_running(self.folder)
        self.assertEqual(self.rights(), (False, False, True))

    def test_a_hand_over_that_broke_off_is_finished_by_the_next_start(self) -> None:
        self.make_as_older_versions_did()
        with self.connect() as connection:
            connection.execute("CREATE TABLE kept ()")
        embedded_postgres.stop(self.folder)
        with (
            mock.patch("project.database.owner._give_away", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            embedded_postgres.ensure_running(self.folder)
        embedded_postgres.stop(self.folder)

        embedded_postgres.ensure_running(self.folder)

        with self.connect() as connection:
            connection.execute("DROP TABLE kept")
        self.assertEqual(self.rights(), (False, False, True))


@tag("processes")
class UnusualFolderTests(unittest.TestCase):
    def test_a_path_with_quotes_and_too_long_for_a_socket_works(self) -> None:
        base = Path(tempfile.mkdtemp(prefix="ticketflower-test-"))
        self.addCleanup(shutil.rmtree, base)
        name = "it's $HOME" if os.name == "nt" else 'it\'s "quoted" $HOME `id`'
        folder = base / name / ("x" * 70)

        server = embedded_postgres.ensure_running(folder)
        self.addCleanup(shutil.rmtree, server.host, ignore_errors=True)
        self.addCleanup(embedded_postgres.stop, folder)

        self.assertLess(len(server.host), 100)
        self.assertEqual(postmaster.database_entry(folder)["HOST"], server.host)

    def test_reading_the_settings_starts_nothing(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ticketflower-test-"))
        self.addCleanup(shutil.rmtree, folder)

        entry = postmaster.database_entry(folder)

        self.assertEqual((entry["NAME"], entry["PASSWORD"]), ("ticketflower", ""))
        self.assertEqual(list(folder.iterdir()), [])
