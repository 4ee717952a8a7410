"""A pooler that swaps connections under a search_path is refused before a server starts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock, skipUnless

import psycopg
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase

from tenants.testing_tools.waits import wait_until
from tenants.wall.check import check_wall
from tenants.wall.pooler import SwappedConnectionError, ensure_connection_is_kept

# Debian puts it where not everybody looks.
PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


class Swapping:
    """Connections that are given another one of the server's at each transaction."""

    def __init__(self, *, servers: int, keeps_path: bool = False) -> None:
        self.servers = [_Server(pid) for pid in range(servers)]
        self.keeps_path = keeps_path
        self.turn = 0

    def copy(self) -> _Client:
        return _Client(self)


class _Server:
    def __init__(self, pid: int) -> None:
        self.pid, self.path = pid, "public"


class _Client:
    """As much of Django's connection, psycopg's, and its cursor as is asked here."""

    def __init__(self, pooler: Swapping) -> None:
        self.pooler = pooler
        self.path = ""

    @property
    def connection(self) -> _Client:
        return self

    def ensure_connection(self) -> None: ...
    def close(self) -> None: ...

    def cursor(self) -> _Client:
        return self

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def execute(self, statement: str) -> None:
        self.pooler.turn += 1
        server = self.pooler.servers[self.pooler.turn % len(self.pooler.servers)]
        if statement.startswith("SET search_path = "):
            server.path = self.path = statement.removeprefix("SET search_path = ")
        if self.pooler.keeps_path:
            server.path = self.path
        self.row = (server.pid, server.path)

    def fetchone(self) -> tuple[int, str]:
        return self.row


class PoolerTests(TestCase):
    def test_a_pooler_that_swaps_is_refused(self) -> None:
        for servers in (1, 3, 5):
            with (
                self.subTest(servers=servers),
                self.assertRaisesRegex(SwappedConnectionError, "pool_mode = session"),
            ):
                ensure_connection_is_kept(Swapping(servers=servers))

    def test_one_that_takes_the_search_path_along_is_let_through(self) -> None:
        ensure_connection_is_kept(Swapping(servers=3, keeps_path=True))

    def test_no_server_starts_behind_it(self) -> None:
        refused = mock.patch(
            "tenants.wall.check.ensure_connection_is_kept", side_effect=SwappedConnectionError
        )
        for command in ("run_web", "run_worker", "migrate_schemas"):
            with (
                self.subTest(command=command),
                refused,
                self.assertRaisesRegex(CommandError, "a pooler that swaps connections"),
            ):
                call_command(command, stdout=StringIO())
        with refused:
            (said,) = check_wall(databases=["default"])
        self.assertEqual(said.id, "tenants.E011")


class DirectTests(TransactionTestCase):
    def test_the_server_itself_keeps_what_was_set(self) -> None:
        ensure_connection_is_kept(connection)

    def _fixture_teardown(self) -> None:
        """It has written nothing."""


@skipUnless(PGBOUNCER, "PgBouncer is not installed")
class PgBouncerTests(TransactionTestCase):
    """A real one, in front of this test's database."""

    def _fixture_teardown(self) -> None:
        """It has written nothing."""

    def test_by_transactions_it_is_refused(self) -> None:
        with self.pooled("transaction"), self.assertRaises(SwappedConnectionError):
            ensure_connection_is_kept(connection)

    def test_by_sessions_it_is_let_through(self) -> None:
        with self.pooled("session"):
            ensure_connection_is_kept(connection)

    def pooled(self, mode: str) -> Any:
        """Let connections that are opened from now on go through a pooler."""
        settings = connection.settings_dict
        folder = Path(tempfile.mkdtemp(prefix="ticketflower-pooler-"))
        self.addCleanup(shutil.rmtree, folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        password = settings["PASSWORD"].replace('"', '""')
        (folder / "users.txt").write_text(f'"{settings["USER"]}" "{password}"\n', encoding="utf-8")
        (folder / "pooler.ini").write_text(
            f"[databases]\n* = host={settings['HOST']} port={settings['PORT'] or 5432}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {folder / 'users.txt'}\n"
            f"pool_mode = {mode}\nignore_startup_parameters = options,extra_float_digits\n",
            encoding="utf-8",
        )
        # It refuses to run as root, as Postgres does.
        as_somebody = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
        prefix = as_somebody if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        pooler = subprocess.Popen(
            [*prefix, str(PGBOUNCER), "--quiet", str(folder / "pooler.ini")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(pooler.wait)
        self.addCleanup(pooler.terminate)
        there = {**settings, "HOST": "127.0.0.1", "PORT": str(port)}

        def answers() -> bool:
            if pooler.poll() is not None:
                self.skipTest("PgBouncer does not start here")
            try:
                psycopg.connect(
                    host="127.0.0.1",
                    port=port,
                    dbname=there["NAME"],
                    user=there["USER"],
                    password=there["PASSWORD"],
                ).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, "The pooler does not answer.")
        return mock.patch.dict(connection.settings_dict, there)
