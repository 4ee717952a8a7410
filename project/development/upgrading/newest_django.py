"""A second virtual environment: the same packages, with the newest Django there is.

requirements-newest.txt says which pins are swapped. A package that says that it does not go with
that Django is reported, and tested with it all the same; one that cannot be installed is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Protocol

from dev import ON_WINDOWS, one_at_a_time
from project.development.errors import DevelopmentError
from project.development.processes import step
from project.environment import BASE_DIR

VENV = BASE_DIR / ".venv-newest"
STAMP = VENV / "ticketflower.json"
SWAPPED = BASE_DIR / "requirements-newest.txt"
PINNED = (BASE_DIR / "requirements.txt", BASE_DIR / "requirements-dev.txt")
CONSTRAINTS = BASE_DIR / "constraints.txt"


class Pip(Protocol):
    """What is asked of pip, in the environment."""

    def install(self, *arguments: str) -> bool:
        """Whether it could; what it has against it is shown."""

    def check(self) -> list[str]:
        """A sentence for each package that is there without what it says that it needs."""


@dataclass(frozen=True)
class Newest:
    """An environment with the newest Django.

    `conflicts` are sentences about what does not go with it; `left_out` names the packages that
    could not be installed at all.
    """

    python: Path
    conflicts: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def modules_left_out(self) -> list[str]:
        """The names by which they are imported, which the pinned environment knows."""
        return sorted(
            module
            for module, packages in packages_distributions().items()
            if any(_plain(each) in self.left_out for each in packages)
        )


def ensure_newest_django() -> Newest:
    """The environment, made or brought up to date where it is not; says what stands in it.

    The registry is asked at most once a day whether there is a newer one.

    Raises:
        DevelopmentError: there is no Django to be had, and none from last time.
    """
    newest = Newest(VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python"))
    with one_at_a_time():
        known = _read_stamp()
        if known.get("wanted") != _fingerprint():
            with step("Making the virtual environment for the newest Django"):
                _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
            known = {}
        for sentences, kept in (("told", newest.conflicts), ("left_out", newest.left_out)):
            kept += known.get(sentences, [])
        if known.get("asked") != _today():
            _bring_up_to_date(newest, is_there=bool(known))
    _run([str(newest.python), "-c", "import django; print('Django', django.__version__)"])
    for sentence in newest.conflicts:
        print(sentence, flush=True)
    return newest


def _bring_up_to_date(newest: Newest, *, is_there: bool) -> None:
    found = Newest(newest.python)
    try:
        with step("Installing the newest Django, and what goes with it (a minute or two)"):
            install_all(_RealPip(newest.python), found)
    except DevelopmentError:
        if not is_there:
            raise
        print("The registry did not answer: this is the newest Django of last time.", flush=True)
        return
    newest.conflicts[:], newest.left_out[:] = found.conflicts, found.left_out
    stamp = {"told": found.conflicts, "left_out": found.left_out}
    stamp_of_today = {"wanted": _fingerprint(), "asked": _today(), **stamp}
    STAMP.write_text(json.dumps(stamp_of_today), encoding="utf-8")


def install_all(pip: Pip, newest: Newest) -> None:
    """Install everything together; where pip finds no way, each as it is pinned.

    Raises:
        DevelopmentError: there is no Django to be had.
    """
    swapped, others, constraints = swapped_requirements()
    together = VENV / "constraints.txt"
    together.write_text("\n".join(constraints), encoding="utf-8")
    if pip.install(*swapped, *others, "--constraint", str(together)):
        return
    for each in constraints:
        _install_or_leave_out(pip, newest, each, "--no-deps")
    if not pip.install(swapped[0]):  # after them, so that it has what it needs in any case
        raise DevelopmentError(
            f"No {swapped[0]} could be installed; pip says above why. It needs the registry."
        )
    for each in swapped[1:]:
        _install_or_leave_out(pip, newest, each)
    newest.conflicts.extend(f"{each}; it is tested all the same." for each in pip.check())


def _install_or_leave_out(pip: Pip, newest: Newest, package: str, *options: str) -> None:
    if not pip.install(*options, package):
        newest.conflicts.append(f"{package} cannot be installed; tests that import it are skipped.")
        newest.left_out.append(_name(package))


def swapped_requirements() -> tuple[list[str], list[str], list[str]]:
    """What is installed instead of a pin (Django first), the other pins, and the constraints."""
    swapped = _lines(SWAPPED)
    names = {_name(each) for each in swapped}
    pinned = [each for path in PINNED for each in _lines(path)]
    return (
        swapped,
        [each for each in pinned if _name(each) not in names],
        [each for each in _lines(CONSTRAINTS) if _name(each) not in names],
    )


def _lines(path: Path) -> list[str]:
    """The requirements of a file, without comments and without the files that it brings in."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    return _plain(found[0]) if found else ""


def _plain(name: str) -> str:
    """As the registry compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


class _RealPip:
    def __init__(self, python: Path) -> None:
        self._command = [str(python), "-m", "pip"]

    def install(self, *arguments: str) -> bool:
        options = ["install", "--disable-pip-version-check", "--quiet", "--upgrade"]
        return _run([*self._command, *options, *arguments])

    def check(self) -> list[str]:
        result = subprocess.run(
            [*self._command, "check"], stdout=subprocess.PIPE, encoding="utf-8", check=False
        )
        lines = result.stdout.splitlines() if result.returncode else []
        return [line.removesuffix(".") for line in lines]


def _run(command: Sequence[str]) -> bool:
    """Whether it succeeded; what it has to say against it is shown."""
    return subprocess.run(command, cwd=BASE_DIR, check=False).returncode == 0


def _fingerprint() -> str:
    """Changes with what is wanted and with the Python that it is installed for."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (SWAPPED, CONSTRAINTS, *PINNED):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_stamp() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011 (of whoever sits at this machine)
