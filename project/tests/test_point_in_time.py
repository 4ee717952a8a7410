"""Going back to a moment: a copy of the server, and its log since. For long runs only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import skipIf

import psycopg
from django.db import connection

from project.database import postmaster
from project.development import embedded_postgres
from project.tests.test_crashes_of_postgres import own_server
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import wait_until
from tickets.models import Ticket
from tickets.repairing.tests.repair_case import SmallWorkflow


@long_run_only
@skipIf(os.name == "nt", "the commands that archive are written for a Unix shell")
class PointInTimeTests(SmallWorkflow, CompanyTransactionTestCase):
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="ticketflower-moment-"))
        cls.folder.chmod(0o755)  # the server may have to run as somebody else
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.enterClassContext(own_server(cls.folder / "first"))
        super().setUpClass()

    def execute(self, statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None

    def archive_from_now_on(self) -> Path:
        """What docs/running.md says: a command that copies each finished piece of the log."""
        archive = self.folder / "archive"
        archive.mkdir()
        archive.chmod(0o777)  # it may be another account that writes there
        self.execute("ALTER SYSTEM SET archive_mode = on")
        self.execute(f"ALTER SYSTEM SET archive_command = 'cp %p {archive}/%f'")
        connection.close()
        first = self.folder / "first"
        embedded_postgres.stop(first)
        embedded_postgres.ensure_running(first)
        return archive

    def copy_of_the_server(self) -> Path:
        """pg_basebackup, owned by whoever runs the server."""
        second = self.folder / "second"
        second.mkdir()
        (second / "run").mkdir()
        entry = postmaster.database_entry(self.folder / "first")
        copied = postmaster.cluster_folder(second)
        account = embedded_postgres._account(self.folder / "first")
        where = self.folder / "copies"
        where.mkdir()
        account.change_owner(where)
        result = subprocess.run(
            account.command(
                "pg_basebackup",
                *("--pgdata", str(where / "copy"), "--host", entry["HOST"]),
                *("--port", entry["PORT"], "--username", entry["USER"], "--checkpoint=fast"),
            ),
            env={**os.environ, "PGPASSWORD": entry["PASSWORD"]},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **account.identity(),
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        (where / "copy").rename(copied)
        password = postmaster.password_file(second)
        shutil.copy(postmaster.password_file(self.folder / "first"), password)
        account.change_owner(password)
        return second

    def archived(self, archive: Path) -> None:
        """Close the piece of the log that is written, and wait until it is copied."""
        (name,) = self.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
        self.execute("SELECT pg_switch_wal()")
        wait_until(lambda: (archive / name).exists(), "The log is not archived.")

    def test_the_state_of_a_moment_comes_back(self) -> None:
        archive = self.archive_from_now_on()
        self.make_workflow()
        self.submit()
        second = self.copy_of_the_server()
        self.submit()
        (moment,) = self.execute("SELECT now()::text")
        kept = set(Ticket.objects.values_list("pk", flat=True))
        self.submit()
        self.execute("DROP SCHEMA acme CASCADE")  # the accident
        self.archived(archive)
        cluster = postmaster.cluster_folder(second)
        settings = {
            "restore_command": f"cp {archive}/%f %p",
            "recovery_target_time": moment,
            "recovery_target_action": "promote",
            "archive_mode": "off",
        }
        with (cluster / "postgresql.auto.conf").open("a", encoding="utf-8") as stream:
            stream.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (cluster / "recovery.signal").touch()
        embedded_postgres._account(self.folder / "first").change_owner(cluster / "recovery.signal")
        try:
            embedded_postgres.ensure_running(second)
            entry = postmaster.database_entry(second)
            with psycopg.connect(
                dbname=entry["NAME"],
                host=entry["HOST"],
                port=entry["PORT"],
                user=entry["USER"],
                password=entry["PASSWORD"],
            ) as database:
                rows = database.execute("SELECT id FROM acme.tickets_ticket").fetchall()
            self.assertEqual({row[0] for row in rows}, kept)
            self.assertEqual(len(kept), 2)
        finally:
            embedded_postgres.stop(second)
            sys.stderr.write(f"Went back to {moment}.\n")

    def _fixture_teardown(self) -> None:
        """The server goes with everything in it."""
