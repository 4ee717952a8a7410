"""Templates need only those of subjects that stand below, as the modules beside them do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase

BASE = Path(settings.BASE_DIR)
APPS = ("tenants", "workflows", "tickets", "project")
NEEDS = re.compile(r'{%-?\s*(?:include|extends)\s+"([^"]+)"')


def owners() -> dict[str, Path]:
    """By the name that templates are found by: `repairing/error.html`, its file."""
    return {
        path.relative_to(folder).as_posix(): path
        for app in APPS
        for folder in (BASE / app).glob("**/templates")
        for path in folder.glob("**/*.html")
    }


def subject_of(path: Path) -> str:
    """The package that a template belongs to: `tickets.repairing`."""
    parts = path.relative_to(BASE).parts
    return ".".join(parts[: parts.index("templates")])


def heights() -> Mapping[str, int]:
    """How high each package stands inside its own, from the contracts of import-linter."""
    project = tomllib.loads((BASE / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    for contract in project["tool"]["importlinter"]["contracts"]:
        layers: list[str] = contract.get("layers", [])
        for container in contract.get("containers", [""]) if layers else []:
            for height, layer in enumerate(reversed(layers)):
                for name in re.split(r"[|:]", layer):
                    found[f"{container}.{name.strip()}".lstrip(".")] = height
    return found


def stands_above(one: str, other: str, known: Mapping[str, int]) -> bool:
    """Whether a subject may need another: compared where their names part."""
    mine, theirs = one.split("."), other.split(".")
    if mine == theirs[: len(mine)] or theirs == mine[: len(theirs)]:
        return True
    parting = next(n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b)
    above, below = ".".join(mine[: parting + 1]), ".".join(theirs[: parting + 1])
    return known[above] > known[below]


def wrong_ways(templates: Mapping[str, Path], known: Mapping[str, int]) -> Iterator[str]:
    for path in templates.values():
        for name in NEEDS.findall(path.read_text(encoding="utf-8")):
            needed: Any = templates.get(name)
            if needed is None:  # a library's
                continue
            one, other = subject_of(path), subject_of(needed)
            if not stands_above(one, other, known):
                yield f"{path.relative_to(BASE).as_posix()} needs {name} of {other}"


class OrderOfTemplatesTests(SimpleTestCase):
    def test_no_template_needs_one_of_a_subject_above(self) -> None:
        templates = owners()
        self.assertGreater(len(templates), 80)
        self.assertEqual(list(wrong_ways(templates, heights())), [])

    def test_the_wrong_way_is_told(self) -> None:
        known = heights()
        for one, other, is_right in (
            ("tickets.repairing", "tickets.calling", True),
            ("tickets.calling", "tickets.repairing", False),
            ("tickets.repairing", "workflows.forms", True),
            ("workflows.forms", "tickets.repairing", False),
            ("workflows.authoring.publishing", "workflows.authoring.definitions", True),
            ("workflows.authoring.definitions", "workflows.authoring.publishing", False),
            ("workflows.authoring.trying", "workflows.forms", True),
            ("tenants.pages", "project", False),
            ("tickets.working", "tickets.working", True),
        ):
            with self.subTest(one=one, other=other):
                self.assertEqual(stands_above(one, other, known), is_right)
