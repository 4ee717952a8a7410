"""`dev.py check`: every check, a line for each; those that fail show what they found."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from babel.messages.pofile import PoFileError

from project.development import audit, javascript
from project.environment import BASE_DIR
from project.translating import catalogues
from project.translating.extraction import CannotBeTranslatedError

BANDIT_LOOKS_AT = ("project", "tenants", "tickets", "workflows", "manage.py", "dev.py")
# What is checked, and how the virtual environment's Python does it.
PYTHON_CHECKS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "bandit": ("-m", "bandit", "-q", "-r", "-c", "pyproject.toml", *BANDIT_LOOKS_AT),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy", "."),
    "import-linter": ("-c", "from importlinter.cli import lint_imports_command as c; c()"),
    "migration lint": ("-m", "project.development.lint_migrations"),
    "migrations": ("manage.py", "makemigrations", "--check", "--dry-run"),
}


@dataclass(frozen=True)
class Outcome:
    """How a check ended: `ok`, `FAILED` or `skipped`, and what is said about it."""

    word: str
    details: str = ""

    @property
    def has_failed(self) -> bool:
        return self.word == "FAILED"


Check = Callable[[], Outcome]


def run_checks(environment: Mapping[str, str]) -> int:
    """Run all of them; how many have failed."""
    failed = 0
    for name, check in _checks(environment):
        start = time.monotonic()
        outcome = check()
        failed += outcome.has_failed
        if outcome.word == "skipped":
            print(f"{name:14} skipped: {outcome.details}", flush=True)
            continue
        print(f"{name:14} {outcome.word:6} {time.monotonic() - start:5.1f} s", flush=True)
        if outcome.has_failed:
            print(outcome.details, flush=True)
    return failed


def _checks(environment: Mapping[str, str]) -> Iterator[tuple[str, Check]]:
    for name, command in PYTHON_CHECKS.items():
        yield name, _running([sys.executable, *command], environment)
    yield "catalogues", _catalogues
    yield "advisories", _advisories
    yield from _javascript_checks(environment)


def _catalogues() -> Outcome:
    """Whether the catalogues have exactly the texts of the sources."""
    try:
        behind = list(catalogues.behind())
    except (CannotBeTranslatedError, PoFileError) as error:
        return Outcome("FAILED", str(error))
    if not behind:
        return Outcome("ok")
    return Outcome("FAILED", "\n".join([*behind, "`python3 dev.py messages` brings them there."]))


def _advisories() -> Outcome:
    """Whether anybody knows of a weakness in what we install."""
    try:
        found = audit.known_weaknesses(audit.pinned_packages())
    except audit.UnreachableError as error:
        return Outcome("skipped", f"nobody could be asked ({error}).")
    return Outcome("FAILED" if found else "ok", "\n".join(map(str, found)))


def _javascript_checks(environment: Mapping[str, str]) -> Iterator[tuple[str, Check]]:
    try:
        commands = javascript.commands()
    except javascript.NoNodeError as error:
        word, why = "FAILED" if javascript.is_demanded() else "skipped", f"{error}."
        yield "javascript", lambda: Outcome(word, why)
        return
    if not javascript.is_installed():
        yield "npm ci", lambda: _outcome(javascript.install())
        if not javascript.is_installed():
            return
    for name, command in commands.items():
        yield name, _running(command, environment)


def _running(command: Sequence[str], environment: Mapping[str, str]) -> Check:
    return lambda: _outcome(
        subprocess.run(
            command,
            cwd=BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    )


def _outcome(result: subprocess.CompletedProcess[str]) -> Outcome:
    return Outcome("ok" if result.returncode == 0 else "FAILED", result.stdout)
