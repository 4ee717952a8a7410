from __future__ import annotations

import ast
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "workflows" / "engine"
# Plain Python as well, and of the lowest app: the database compares names by it, too.
NAMES = ROOT / "tenants" / "names.py"
ALLOWED = {"jsonschema_rs": {"json_schema.py"}}
IMPURE = {"socket", "urllib.request", "time", "random", "os", "subprocess", "pathlib", "http"}


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom) and node.level > 1:
            yield "a package above the engine"


class PurityTests(unittest.TestCase):
    def test_it_imports_only_the_standard_library_and_its_one_library(self) -> None:
        found = [each for each in sorted(ENGINE.rglob("*.py")) if "tests" not in each.parts]
        modules = [*found, NAMES]
        self.assertGreater(len(modules), 8)
        for module in modules:
            for name in imported(module):
                if name.startswith("workflows.engine."):
                    continue
                with self.subTest(module=module.name, imported=name):
                    top = name.split(".")[0]
                    if top in ALLOWED:
                        self.assertIn(module.name, ALLOWED[top])
                    else:
                        self.assertIn(top, sys.stdlib_module_names)
                        self.assertNotIn(name, IMPURE)
