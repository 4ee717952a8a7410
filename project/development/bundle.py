"""Makes the one file in which layouts get React and the transpiler: `python3 dev.py bundle`.

package.json pins the packages. What is made stands in git, with their licences beside it, so that
whoever installs TicketFlower needs no Node; its first line says of which versions it was
made, and a test compares them with package.json.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

from project.development import javascript
from project.development.errors import DevelopmentError
from project.environment import BASE_DIR

PACKAGES: Final = ("react", "react-dom", "sucrase")
ENTRY: Final = BASE_DIR / "workflows/layouts/packages.mjs"
BUNDLE: Final = BASE_DIR / "workflows/layouts/static/layouts/packages.js"
LICENCES: Final = BASE_DIR / "workflows/layouts/static/layouts/packages.LICENSES.txt"


def first_line() -> str:
    """What the file begins with: the packages in it, at the versions that package.json names."""
    named = json.loads((BASE_DIR / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    versions = ", ".join(f"{name} {named[name]}" for name in PACKAGES)
    return f"/*! {versions}. Licences: packages.LICENSES.txt. Made by dev.py bundle. */"


def make_bundle() -> None:
    """Install the packages, and write both files.

    Raises:
        NoNodeError: Node or npm is missing or too old.
        DevelopmentError: npm or esbuild failed; the message is what it said.
    """
    if not javascript.is_installed():
        _ensure_done(javascript.install())
    command = javascript.esbuild(
        {
            "entryPoints": [str(ENTRY)],
            "outfile": str(BUNDLE),
            "bundle": True,
            "minify": True,
            "format": "iife",
            "target": "es2022",
            "charset": "utf8",
            "define": {"process.env.NODE_ENV": '"production"'},
            "legalComments": "none",  # all of them stand in the file beside it, whole
            "banner": {"js": first_line()},
            "metafile": True,
        }
    )
    result = subprocess.run(
        command,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    _ensure_done(result)
    inputs = json.loads(result.stdout)["inputs"]
    LICENCES.write_text(_licences(sorted(_packages_of(inputs))), encoding="utf-8", newline="\n")


def _packages_of(inputs: dict[str, object]) -> set[str]:
    """The names of the packages of which some file went into the bundle."""
    found = set()
    for path in inputs:
        parts = Path(path).parts
        if "node_modules" in parts:
            rest = parts[parts.index("node_modules") + 1 :]
            found.add("/".join(rest[:2]) if rest[0].startswith("@") else rest[0])
    return found


def _licences(names: list[str]) -> str:
    """The licence of each package, whole.

    Raises:
        DevelopmentError: a package brings none.
    """
    texts = []
    for name in names:
        folder = javascript.PACKAGES / name
        found = sorted(each for each in folder.iterdir() if each.name.upper().startswith("LICEN"))
        if not found:
            raise DevelopmentError(f"The package {name} brings no licence: look for it by hand.")
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
        text = found[0].read_text(encoding="utf-8").strip()
        texts.append(f"{name} {version}\n\n{text}\n")
    rule = f"\n{'-' * 70}\n\n"
    return rule.join(texts)


def _ensure_done(result: subprocess.CompletedProcess[str]) -> None:
    if result.returncode != 0:
        raise DevelopmentError(f"{result.stdout}{result.stderr or ''}")
