"""dev.py and manage.py at the command line: what they refuse, and what they then say."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import psutil
from django.test import tag

from project.development import records
from project.environment import BASE_DIR
from tenants.testing_tools.waits import PATIENCE

DATABASE_VARIABLES = ("DATABASE_URL", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT")


@tag("processes")
class CommandTestCase(unittest.TestCase):
    """Runs commands in real processes, on a data folder of their own."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ticketflower-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_command(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # Set and empty: a developer's own `.env` must not decide how these tests end.
        environment = os.environ | dict.fromkeys(DATABASE_VARIABLES, "")
        environment |= {"TICKETFLOWER_DATA_DIR": str(self.folder / "data")} | variables
        return subprocess.run(
            [sys.executable, *command],
            cwd=BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=PATIENCE,
        )

    def dev(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """What dev.py runs once the virtual environment stands."""
        return self.run_command("-m", "project.development", *arguments, **variables)

    def assert_refused(self, result: subprocess.CompletedProcess[str], sentence: str) -> None:
        """One sentence, exit code 1, no traceback."""
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, sentence)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)


class ArgumentTests(CommandTestCase):
    def test_help_lists_every_command(self) -> None:
        said = self.run_command("dev.py", "--help").stdout
        for command in ("up", "prepare", "test", "check", "bench", "smoke", "stop", "reset"):
            self.assertIn(f"\n    {command} ", said)

    def test_an_unknown_command_is_refused_before_anything_is_installed(self) -> None:
        result = self.run_command("dev.py", "launch")
        self.assertEqual(result.returncode, 2)
        self.assertIn("invalid choice: 'launch'", result.stderr)

    def test_a_port_must_be_a_number_that_exists(self) -> None:
        for port in ("http", "0", "65536", "-1"):
            with self.subTest(port=port):
                result = self.run_command("dev.py", "up", f"--port={port}")
                self.assertEqual(result.returncode, 2)
                self.assertIn("must be a whole number from 1 to 65535", result.stderr)

    def test_arguments_of_the_tests_are_handed_on(self) -> None:
        code = "import dev, sys; print(dev.parse_arguments(sys.argv[1:]).handed_on)"
        result = self.run_command("-c", code, "test", "tickets", "-k", "submit", "--keepdb")
        self.assertEqual(result.stdout.strip(), "['tickets', '-k', 'submit', '--keepdb']")

    def test_which_django_they_run_on_is_not_handed_on(self) -> None:
        code = (
            "import dev, sys; parsed = dev.parse_arguments(sys.argv[1:]);"
            "print(parsed.django, parsed.handed_on)"
        )
        for arguments, expected in {
            ("tickets", "--django", "newest", "-k", "submit"): "newest ['tickets', '-k', 'submit']",
            ("--keepdb", "--django=newest", "tickets"): "newest ['--keepdb', 'tickets']",
            ("--django", "pinned"): "pinned []",
            ("-k", "a", "tickets", "--parallel", "1", "b"): (
                "pinned ['-k', 'a', 'tickets', '--parallel', '1', 'b']"
            ),
        }.items():
            with self.subTest(arguments):
                result = self.run_command("-c", code, "test", *arguments)
                self.assertEqual(result.stdout.strip(), expected)

    def test_a_django_that_is_not_known_is_refused(self) -> None:
        result = self.run_command("dev.py", "test", "--django", "latest")
        self.assertEqual(result.returncode, 2)
        self.assertIn("invalid choice: 'latest'", result.stderr)

    def test_the_file_keeps_to_the_syntax_of_an_old_python(self) -> None:
        """It has to run long enough there to say which Python is needed."""
        code = (
            "import ast; ast.parse(open('dev.py', encoding='utf-8').read(), feature_version=(3, 6))"
        )
        self.assertEqual(self.run_command("-c", code).returncode, 0)


class UpTests(CommandTestCase):
    def test_a_taken_port_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = self.dev("up", "--port", str(port))
        self.assert_refused(result, f"127.0.0.1:{port} .* choose another port with --port")

    def test_a_host_of_another_machine_is_refused(self) -> None:
        self.assert_refused(self.dev("up", "--host", "192.0.2.1"), "192.0.2.1")

    def test_a_database_that_cannot_be_reached_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        result = self.dev("prepare", DATABASE_URL=f"postgres://ann:secret@127.0.0.1:{port}/flower")
        self.assert_refused(result, f"The database at 127.0.0.1:{port} cannot be used")
        self.assertNotIn("secret", result.stderr)

    def test_links_in_mails_and_webhooks_lead_to_its_port(self) -> None:
        code = (
            "import os, sys; from project.development.servers import Servers\n"
            "os.environ.pop('PUBLIC_URL', None)\n"
            "print(Servers(port=8471)._environment()['PUBLIC_URL'])\n"
            "os.environ['PUBLIC_URL'] = 'https://tickets.example.com'\n"
            "print(Servers(port=8471)._environment()['PUBLIC_URL'])"
        )
        said = self.run_command("-c", code)
        self.assertEqual(
            said.stdout.split(), ["http://127.0.0.1:8471", "https://tickets.example.com"]
        )

    def test_a_second_one_on_the_same_data_is_refused(self) -> None:
        records.write(self.folder / "data", "up", os.getpid(), address="http://127.0.0.1:1234")
        self.assert_refused(self.dev("up"), "is running already, at http://127.0.0.1:1234")


class ConfigurationTests(CommandTestCase):
    def test_mistakes_in_the_database_url_are_explained_without_repeating_it(self) -> None:
        for url, sentence in {
            "mysql://ann:secret@host/flower": "is not the address of a Postgres",
            "postgres://ann:secret@host:port/flower": "a host or a port that cannot be read",
            "postgres://ann:secret@host": "does not name one database",
        }.items():
            for command in (["-m", "project.development", "prepare"], ["manage.py", "migrate"]):
                with self.subTest(url=url, command=command[-1]):
                    result = self.run_command(*command, DATABASE_URL=url, DJANGO_SECRET_KEY="x")
                    self.assert_refused(result, sentence)
                    self.assertNotIn("secret@", result.stderr)

    def test_a_host_without_a_database_is_explained(self) -> None:
        self.assert_refused(self.dev("prepare", DB_HOST="localhost"), "DB_NAME is not")

    def test_a_port_that_is_no_number_is_explained(self) -> None:
        result = self.dev("prepare", DB_NAME="flower", DB_PORT="many")
        self.assert_refused(result, "DB_PORT is 'many', but must be a whole number")

    def test_a_line_of_the_env_file_that_makes_no_sense_is_named(self) -> None:
        env_file = self.folder / ".env"
        env_file.write_text("# fine\nDEBUG=1\nDATABASE_URL\n", encoding="utf-8")
        code = (
            "import sys; from pathlib import Path; from project.environment import *\n"
            "try: load_environment(Path(sys.argv[1]))\n"
            "except ImproperlyConfigured as error: sys.exit(str(error))"
        )
        self.assert_refused(self.run_command("-c", code, str(env_file)), "^Line 3 of .*NAME=value")

    def test_a_configured_server_needs_its_own_secret_key(self) -> None:
        """Otherwise a deployment would come up with development's defaults."""
        result = self.run_command(
            "manage.py", "check", DATABASE_URL="postgres://h/d", DJANGO_SECRET_KEY="", DEBUG=""
        )
        self.assert_refused(result, "DJANGO_SECRET_KEY is not set")


class StopAndResetTests(CommandTestCase):
    def start_stranger(self) -> subprocess.Popen[bytes]:
        """It answers when it is asked, if it still lives."""
        stranger = subprocess.Popen(
            [sys.executable, "-c", "input(); print('here')"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(stranger.__exit__, None, None, None)
        self.addCleanup(stranger.kill)
        return stranger

    def test_stop_ends_what_is_recorded(self) -> None:
        ours = self.start_stranger()
        records.write(self.folder / "data", "worker", ours.pid)
        result = self.dev("stop")
        self.assertEqual(result.stdout.strip(), "Ended: worker.")
        self.assertIsNotNone(ours.wait(timeout=PATIENCE))

    def test_stop_leaves_a_stranger_alone_that_was_given_the_same_number(self) -> None:
        stranger = self.start_stranger()
        records.write(self.folder / "data", "worker", stranger.pid)
        path = self.folder / "data" / "run" / "worker.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        record["started"] = psutil.Process(stranger.pid).create_time() - 3600
        path.write_text(json.dumps(record), encoding="utf-8")

        result = self.dev("stop")

        self.assertEqual(result.stdout.strip(), "Nothing was running.")
        self.assertEqual(stranger.communicate(b"\n")[0].strip(), b"here")

    def test_reset_asks_first(self) -> None:
        (self.folder / "data" / "run").mkdir(parents=True)
        self.assert_refused(self.dev("reset"), "add --yes")
        self.assertTrue((self.folder / "data").exists())

    def test_reset_deletes_the_data_once_confirmed(self) -> None:
        (self.folder / "data" / "run").mkdir(parents=True)
        (self.folder / "data" / "media").mkdir()
        self.assertEqual(self.dev("reset", "--yes").returncode, 0)
        self.assertFalse((self.folder / "data").exists())

    def test_reset_refuses_a_folder_that_is_not_ours(self) -> None:
        (self.folder / "data").mkdir()
        (self.folder / "data" / "thesis.txt").touch()
        self.assert_refused(self.dev("reset", "--yes"), "nothing was deleted")
        self.assertTrue((self.folder / "data" / "thesis.txt").exists())
