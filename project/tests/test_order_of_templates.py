"""What a template or a module takes a template from stands below it, as with imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

BASE = Path(settings.BASE_DIR)
APPS = ("tenants", "workflows", "tickets", "project")
NEEDS = re.compile(r'{%-?\s*(?:include|extends)\s+"([^"]+)"')
LOADS = re.compile(r"{%-?\s*load\s+([^%]+?)\s*-?%}")
ENDINGS = ("html", "txt")


def owners() -> dict[str, Path]:
    """By the name that templates are found by: `repairing/error.html`, its file."""
    return {
        path.relative_to(folder).as_posix(): path
        for app in APPS
        for folder in (BASE / app).glob("**/templates")
        for ending in ENDINGS
        for path in folder.glob(f"**/*.{ending}")
    }


def tag_libraries() -> dict[str, str]:
    """By the name that templates load them by, the package that each stands in."""
    return {
        path.stem: name_of(path.parent)
        for app in APPS
        for path in (BASE / app).glob("**/templatetags/*.py")
    }


def subject_of(path: Path) -> str:
    """The package that a template belongs to: `tickets.repairing`."""
    parts = path.relative_to(BASE).parts
    return ".".join(parts[: parts.index("templates")])


def modules() -> Iterator[Path]:
    """What is no test."""
    for app in APPS:
        for path in (BASE / app).glob("**/*.py"):
            if not {"tests", "migrations", "development"} & set(path.relative_to(BASE).parts):
                yield path


def name_of(path: Path) -> str:
    """A module's: `tickets.repairing.pages.retrying`."""
    return ".".join(path.relative_to(BASE).with_suffix("").parts).removesuffix(".__init__")


def named_in(text: str, templates: Mapping[str, Path]) -> list[str]:
    """The templates that a module names, whatever for; those of mails without their ending."""
    spelt = {name: {name, name.rpartition(".")[0]} if "/" in name else {name} for name in templates}
    if not any(each in text for spellings in spelt.values() for each in spellings):
        return []  # most modules; reading them is slow
    said = {
        each.value
        for each in ast.walk(ast.parse(text))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    return sorted(name for name, spellings in spelt.items() if spellings & said)


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
    libraries = tag_libraries()
    for path in templates.values():
        text, one = path.read_text(encoding="utf-8"), subject_of(path)
        for name in NEEDS.findall(text):
            if name in templates:  # else a library's
                yield from wrong_way(path, one, name, subject_of(templates[name]), known)
        for name in " ".join(LOADS.findall(text)).split():
            if name in libraries:
                yield from wrong_way(path, one, name, libraries[name], known)
    for path in modules():
        for name in named_in(path.read_text(encoding="utf-8"), templates):
            yield from wrong_way(path, name_of(path), name, subject_of(templates[name]), known)


def wrong_way(
    path: Path, one: str, name: str, other: str, known: Mapping[str, int]
) -> Iterator[str]:
    if not stands_above(one, other, known):
        yield f"{path.relative_to(BASE).as_posix()} needs {name} of {other}"


class OrderOfTemplatesTests(SimpleTestCase):
    def test_no_template_needs_one_of_a_subject_above(self) -> None:
        templates = owners()
        self.assertGreater(len(templates), 80)
        self.assertEqual(list(wrong_ways(templates, heights())), [])

    def test_what_a_module_names_is_found(self) -> None:
        templates = owners()
        for text, expected in (
            ('template_name = "repairing/error.html"', ["repairing/error.html"]),
            ('render(request, "403.html", {})', ["403.html"]),
            ('page.show("repairing/error.html", a=1)', ["repairing/error.html"]),
            ('write("mail/test", {})', ["mail/test.html", "mail/test.txt"]),
            ('"nobody/knows.html"', []),
        ):
            with self.subTest(text):
                self.assertEqual(named_in(text, templates), expected)

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
