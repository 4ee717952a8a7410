"""Ending programs, their children included, whatever has died before. Needs no database."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import psutil

from project.development import records
from project.development.processes import Program, end_leftovers_of, is_alive, wait_for
from tenants.testing_tools.waits import PATIENCE, deadline, wait_until

# A parent as the web server is one: its child does not notice when it dies.
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(3600)"
)
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(3600)"
)


class EndingProgramsTests(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ticketflower-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, code: str) -> tuple[Program, str]:
        """The running program and its first line."""
        log = self.folder / "program.log"
        program = Program("program", ["-c", code], os.environ, log=log, show=False)
        self.addCleanup(program.make_end, 0.0)
        wait_until(lambda: "\n" in log.read_text(encoding="utf-8"), "The program said nothing.")
        return program, log.read_text(encoding="utf-8").strip()

    def assert_ended(self, process: psutil.Process) -> None:
        wait_for([process], seconds=PATIENCE)
        self.assertFalse(is_alive(process))

    def test_a_program_that_does_not_listen_is_killed_in_the_end(self) -> None:
        program, _said = self.start(STUBBORN)
        program.ask_to_end()
        program.make_end(deadline=0.0)
        self.assertIsNotNone(program.exit_code())

    def test_children_end_with_their_parent(self) -> None:
        program, said = self.start(PARENT)
        child = psutil.Process(int(said))
        program.ask_to_end()
        program.make_end(deadline())
        self.assert_ended(child)

    @unittest.skipIf(sys.platform == "win32", "There a child is only known through its parent")
    def test_children_end_even_when_their_parent_was_killed(self) -> None:
        program, said = self.start(PARENT)
        child = psutil.Process(int(said))
        parent = psutil.Process(program.pid)
        parent.kill()
        self.assert_ended(parent)
        self.assertTrue(is_alive(child))

        program.make_end(deadline())

        self.assert_ended(child)

    @unittest.skipIf(sys.platform == "win32", "There a child is only known through its parent")
    def test_a_later_run_ends_what_a_killed_one_left_behind(self) -> None:
        program, said = self.start(PARENT)
        child = psutil.Process(int(said))
        record = records.write(self.folder, "web", program.pid)
        psutil.Process(program.pid).kill()

        self.assertTrue(end_leftovers_of(record))

        self.assert_ended(child)
        self.assertFalse(end_leftovers_of(record))
