"""As tickets/tests/crash, on a Postgres of its own, which is killed too. For long runs only."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import psutil
from django.db import connection

from project.database import postmaster
from project.development import embedded_postgres
from tenants.connection import use_public
from tenants.testing import make_test_companies, start_manage
from tenants.testing_tools.examples import long_run_only, long_seconds
from tenants.testing_tools.waits import wait_until
from tickets.tests.crash.crash_case import CrashCase


@long_run_only
class CrashesOfPostgresTests(CrashCase):
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="ticketflower-crash-"))
        cls.folder.chmod(0o755)  # the server may have to run as somebody else
        cls.enterClassContext(own_server(cls.folder))
        super().setUpClass()

    def test_nothing_is_lost_stuck_or_done_twice(self) -> None:
        self.weather_for(long_seconds(), restart_database=self.kill_and_start)
        self.print_summary()
        self.assertGreater(self.kills["Postgres"], 0)

    def kill_and_start(self) -> None:
        running = postmaster.running_postmaster(self.folder)
        assert running is not None
        psutil.Process(running.pid).kill()
        # On a busy machine it takes a moment to die, in which it would pass for one that runs.
        wait_until(lambda: postmaster.running_postmaster(self.folder, ready=False) != running)
        embedded_postgres.ensure_running(self.folder)


@contextmanager
def own_server(folder: Path) -> Iterator[None]:
    """Let this process and its children work on a new embedded Postgres."""
    embedded_postgres.ensure_running(folder)
    connection.close()
    try:
        entry = postmaster.database_entry(folder)
        with mock.patch.dict(connection.settings_dict, entry):
            if start_manage("migrate_schemas").wait(timeout=300):
                raise AssertionError("The database could not be migrated.")
            use_public()
            make_test_companies()
            try:
                yield
            finally:
                connection.close()
    finally:
        embedded_postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
