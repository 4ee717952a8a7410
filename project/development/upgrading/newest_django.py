"""A second virtual environment: the same packages, with the newest Django there is.

requirements-newest.txt says which pins are swapped. A package that does not go with that Django
yet is told, and everything else is tested all the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from dev import ON_WINDOWS, one_at_a_time
from project.development.errors import DevelopmentError
from project.development.processes import step
from project.environment import BASE_DIR

VENV = BASE_DIR / ".venv-newest"
STAMP = VENV / "ticketflower.json"
SWAPPED = BASE_DIR / "requirements-newest.txt"
PINNED = (BASE_DIR / "requirements.txt", BASE_DIR / "requirements-dev.txt")
CONSTRAINTS = BASE_DIR / "constraints.txt"
# Names the modules that are not there, for the test runner: what imports them is skipped.
LEFT_OUT = "TICKETFLOWER_LEFT_OUT"

type Install = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class Newest:
    """An environment with the newest Django.

    `told` are sentences about what does not go with it; `left_out` names the packages that
    could not be installed at all.
    """

    python: Path
    told: list[str] = field(default_factory=list)
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
        for sentences, kept in (("told", newest.told), ("left_out", newest.left_out)):
            kept += known.get(sentences, [])
        if known.get("asked") != _today():
            _bring_up_to_date(newest, is_there=bool(known))
    _run([str(newest.python), "-c", "import django; print('Django', django.__version__)"])
    for sentence in newest.told:
        print(sentence, flush=True)
    return newest


def _bring_up_to_date(newest: Newest, *, is_there: bool) -> None:
    found = Newest(newest.python)
    try:
        with step("Installing the newest Django, and what goes with it (a minute or two)"):
            install_all(_pip(newest.python), found)
    except DevelopmentError:
        if not is_there:
            raise
        print("The registry did not answer: this is the newest Django of last time.", flush=True)
        return
    newest.told[:], newest.left_out[:] = found.told, found.left_out
    stamp = {"told": found.told, "left_out": found.left_out}
    stamp_of_today = {"wanted": _fingerprint(), "asked": _today(), **stamp}
    STAMP.write_text(json.dumps(stamp_of_today), encoding="utf-8")


def install_all(install: Install, newest: Newest) -> None:
    """Install everything: together, or else one by one, to find what does not go with it.

    Raises:
        DevelopmentError: there is no Django to be had.
    """
    swapped, others, constraints = swapped_requirements()
    if install([*swapped, *others, *_constraining(constraints)]):
        return
    django = swapped[0]
    if not install([django]):
        raise DevelopmentError(
            f"No {django} could be installed; pip says above why. It needs the package registry."
        )
    for each in [*swapped[1:], *others]:
        _install_alone(install, each, django, constraints, newest)


def _install_alone(
    install: Install, each: str, django: str, constraints: Sequence[str], newest: Newest
) -> None:
    """With Django and the other pins, else with Django, else whatever it says that it needs."""
    if install([each, django, *_constraining(constraints)]) or install([each, django]):
        return
    if install([each, "--no-deps"]):
        newest.told.append(f"{each} says that it does not go with this Django; it is tested so.")
    else:
        newest.told.append(f"{each} cannot be installed; the tests that import it are skipped.")
        newest.left_out.append(_name(each))


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


def _constraining(constraints: Sequence[str]) -> list[str]:
    path = VENV / "constraints.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(constraints), encoding="utf-8")
    return ["--constraint", str(path)]


def _pip(python: Path) -> Install:
    def install(arguments: Sequence[str]) -> bool:
        command = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--upgrade"]
        return _run([str(python), *command, *arguments])

    return install


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
