"""Templates and static files of libraries that files of ours stand in the place of.

Ours were made from those, so whoever changes theirs may have mended or added something. Their
digests are kept in shadowed_files.json, by version, as they were when somebody last compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

from django.apps import AppConfig, apps

from project.environment import BASE_DIR
from project.subject_folders import APPS

KEPT = Path(__file__).with_name("shadowed_files.json")
FOLDERS = ("templates", "static")

type Digests = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Shadowed:
    """`name` is how pages ask for it, with its folder: templates/admin/base.html."""

    name: str
    ours: Path
    original: Path

    @property
    def digest(self) -> str:
        """Of its text: a line's end is another one on Windows."""
        text = self.original.read_bytes().replace(b"\r\n", b"\n")
        return hashlib.sha256(text).hexdigest()

    @property
    def package(self) -> str:
        """The library and its version: django-unfold 0.110.0."""
        module = next(
            config.name.split(".")[0]
            for config in apps.get_app_configs()
            if self.original.is_relative_to(config.path)
        )
        name = _package_of_modules()[module][0]
        return f"{name} {version(name)}"


@cache
def _package_of_modules() -> Mapping[str, list[str]]:
    """{module: the packages that bring it}: reads the lists of files of all that is installed."""
    return packages_distributions()


def shadowed_files() -> Iterator[Shadowed]:
    """Each file of a library that is not found because of one of ours, by name.

    Those of Django's admin that another library replaces already are left out: ours are not made
    from them.
    """
    theirs = [each for each in apps.get_app_configs() if not _is_ours(each)]
    for folder in FOLDERS:
        for name, path in our_files(folder):
            found = [each for each in theirs if (Path(each.path) / folder / name).is_file()]
            replaced = any(not each.name.startswith("django.") for each in found)
            for each in found:
                if not (replaced and each.name.startswith("django.")):
                    original = Path(each.path) / folder / name
                    yield Shadowed(f"{folder}/{name}", path, original)


def our_files(folder: str) -> Iterator[tuple[str, Path]]:
    """(name by which it is asked for, path) of all templates or static files of ours."""
    for config in apps.get_app_configs():
        if Path(config.path).parent != BASE_DIR:
            continue  # of a library, or a subject of an app that is gone over with it
        for place in sorted(Path(config.path).rglob(folder)):
            for path in sorted(place.rglob("*")):
                if path.is_file():
                    yield path.relative_to(place).as_posix(), path


def _is_ours(config: AppConfig) -> bool:
    return config.name.split(".")[0] in ("project", *APPS)


def known_digests() -> Digests:
    """{name: {library and version: digest of the original}}."""
    known: Digests = json.loads(KEPT.read_text(encoding="utf-8"))
    return known


def keep_digests() -> list[str]:
    """Keep those of what is installed now, beside those of other versions; returns what is new.

    Digests of what nothing of ours shadows any more go.
    """
    known, new = known_digests(), []
    wanted: Digests = {}
    for each in shadowed_files():
        digests = wanted.setdefault(each.name, dict(known.get(each.name, {})))
        if each.digest not in digests.values():
            new.append(each.name)
            digests[each.package] = each.digest
    text = json.dumps(wanted, indent=2, sort_keys=True)
    KEPT.write_text(f"{text}\n", encoding="utf-8")
    return new
