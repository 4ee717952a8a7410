"""The tools that check our JavaScript: npm installs them, Node runs them.

package.json names them and the oldest Node that they run on, package-lock.json pins them. They are
no part of the product: where there is no Node, they are skipped, but for continuous integration.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from project.environment import BASE_DIR

PACKAGES = BASE_DIR / "node_modules"
STAMP = PACKAGES / ".ticketflower-lock"  # says which lock file the packages were installed from
# Their own scripts, run by Node: the links in node_modules/.bin differ on Windows.
CHECKS = (
    ("biome", ("@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "--colors=off")),
    ("tsc", ("typescript/bin/tsc", "--project", ".", "--pretty", "false")),
)


class NoNodeError(Exception):
    """JavaScript cannot be checked on this machine; the message says why."""


def is_demanded() -> bool:
    """Whether a check that cannot run is a failure: continuous integration sets CI."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def commands() -> dict[str, list[str]]:
    """The command of each check, by its name.

    Raises:
        NoNodeError: Node or npm is missing or too old.
    """
    node, _npm = _programs()
    return {name: [node, str(PACKAGES / script), *rest] for name, (script, *rest) in CHECKS}


def esbuild(options: Mapping[str, object]) -> list[str]:
    """The command that runs esbuild, which makes one file of packages and says what is in it.

    Not its program: what npm puts in that place differs from machine to machine.

    Raises:
        NoNodeError: Node or npm is missing or too old.
    """
    node, _npm = _programs()
    script = (
        'const { buildSync } = require("esbuild");'
        "console.log(JSON.stringify(buildSync(JSON.parse(process.argv[1])).metafile))"
    )
    return [node, "-e", script, json.dumps(options)]


def is_installed() -> bool:
    """Whether the packages are those of package-lock.json."""
    try:
        return STAMP.read_text(encoding="ascii") == _fingerprint()
    except OSError:
        return False


def install() -> subprocess.CompletedProcess[str]:
    """Install the packages that package-lock.json pins, in the place of those that are there.

    Raises:
        NoNodeError: Node or npm is missing or too old.
    """
    _node, npm = _programs()
    result = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"],
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode == 0:
        STAMP.write_text(_fingerprint(), encoding="ascii")
    return result


def _programs() -> tuple[str, str]:
    node, npm = shutil.which("node"), shutil.which("npm")  # on Windows the latter is npm.cmd
    if node is None or npm is None:
        missing = "Node" if node is None else "npm"
        raise NoNodeError(f"{missing} is not on the PATH (see https://nodejs.org)")
    oldest, version = _oldest_node(), _version(node)
    if version < oldest:
        raise NoNodeError(f"{node} is version {version}, and {oldest} or newer is needed")
    return node, npm


def _version(node: str) -> int:
    """The first number of `v20.1.0`; 0 where the program does not run."""
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, encoding="utf-8", check=False, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found[1]) if found else 0


def _oldest_node() -> int:
    wanted = json.loads(Path(BASE_DIR / "package.json").read_text(encoding="utf-8"))
    return int(str(wanted["engines"]["node"]).removeprefix(">="))


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((BASE_DIR / name).read_bytes())
    return digest.hexdigest()
