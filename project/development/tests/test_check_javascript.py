"""`dev.py check` looks at our JavaScript wherever Node is, and always in continuous integration."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from project.development import checks, javascript
from project.development.bundle import BUNDLE
from project.environment import BASE_DIR

SCRIPT = 'import {{ value as other }} from "./{other}.js";\n\nexport const value = () => other;\n'


def check_without_node(**variables: str) -> tuple[int, str]:
    """How many checks fail, and what is said, on a machine that has no Node."""
    said = io.StringIO()
    with (
        mock.patch.dict(os.environ, variables),
        mock.patch.object(checks, "PYTHON_CHECKS", {}),
        mock.patch("project.translating.catalogues.behind", return_value=[]),
        mock.patch("project.development.audit.known_weaknesses", return_value=[]),
        mock.patch("shutil.which", return_value=None),
        redirect_stdout(said),
    ):
        failed = checks.run_checks(os.environ)
    return failed, said.getvalue()


class WithoutNodeTests(unittest.TestCase):
    def test_it_says_in_one_line_that_they_were_skipped_and_why(self) -> None:
        failed, said = check_without_node(CI="")
        self.assertEqual(failed, 0)
        self.assertRegex(said, r"\njavascript +skipped: Node is not on the PATH .*\n$")

    def test_in_continuous_integration_it_is_a_failure(self) -> None:
        for value in ("true", "1"):
            with self.subTest(CI=value):
                failed, said = check_without_node(CI=value)
                self.assertEqual(failed, 1)
                self.assertIn("FAILED", said)
                self.assertIn("Node is not on the PATH", said)

    def test_a_node_that_is_too_old_is_named(self) -> None:
        old = subprocess.CompletedProcess([], 0, stdout="v12.22.12\n")
        with (
            mock.patch("shutil.which", return_value="/somewhere/node"),
            mock.patch("subprocess.run", return_value=old),
            self.assertRaisesRegex(javascript.NoNodeError, "version 12, and 18 or newer is needed"),
        ):
            javascript.commands()


class PinnedToolsTests(unittest.TestCase):
    def test_versions_are_exact(self) -> None:
        package = json.loads((BASE_DIR / "package.json").read_text(encoding="utf-8"))
        for name, version in package["devDependencies"].items():
            self.assertRegex(version, r"^\d+\.\d+\.\d+$", name)

    def test_the_lock_file_names_no_registry(self) -> None:
        lock = json.loads((BASE_DIR / "package-lock.json").read_text(encoding="utf-8"))
        for name, package in lock["packages"].items():
            self.assertNotIn("resolved", package, name)


@unittest.skipUnless(javascript.is_installed(), "The tools are not there: run dev.py check first.")
class CoverageTests(unittest.TestCase):
    """Each script of ours is looked at, wherever it stands."""

    def scripts(self) -> set[Path]:
        folders = [each for each in BASE_DIR.iterdir() if (each / "__init__.py").exists()]
        found = {path for folder in folders for path in folder.rglob("*.js")}
        return found - {BUNDLE}

    def test_the_type_checker_reads_every_script(self) -> None:
        command = [*javascript.commands()["tsc"], "--listFilesOnly"]
        listed = subprocess.run(
            command, cwd=BASE_DIR, capture_output=True, encoding="utf-8", check=True
        ).stdout
        read = {Path(line).resolve() for line in listed.splitlines()}
        self.assertGreater(len(self.scripts()), 20)
        self.assertEqual({each.resolve() for each in self.scripts()} - read, set())

    def test_the_linter_finds_a_circle(self) -> None:
        """In a folder of its own, with the same rules."""
        with tempfile.TemporaryDirectory() as name:
            scripts = Path(name) / "project" / "static"
            scripts.mkdir(parents=True)
            shutil.copy(BASE_DIR / "biome.jsonc", name)
            (scripts / "one.js").write_text(SCRIPT.format(other="two"), encoding="utf-8")
            (scripts / "two.js").write_text(SCRIPT.format(other="one"), encoding="utf-8")
            result = subprocess.run(
                javascript.commands()["biome"],
                cwd=name,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertIn("noImportCycles", result.stdout + result.stderr)
